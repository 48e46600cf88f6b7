"""The command line: one file a command, options and exit codes, no judgement."""
