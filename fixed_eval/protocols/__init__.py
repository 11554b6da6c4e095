"""The frozen protocols: one file each, by name in `registry`."""
