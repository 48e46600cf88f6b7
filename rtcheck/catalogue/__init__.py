"""Our own files: protocols, registries, names and citations (TOML) to values, or every fault in them at once."""
