"""How results are printed: tables, progress, JSON."""
