"""What pages show beside the report, taken from the check while it has it: curves, lesion matrix, links, grids."""
