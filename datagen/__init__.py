"""Letters become numerals, numerals become a budgeted dataset, a dataset becomes a score."""
