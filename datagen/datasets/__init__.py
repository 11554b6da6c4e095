"""The dataset as a directory: its format, its rule check, its export."""
