"""The best recipe for a person's own images: folds, proposals, halving, and what was spent."""
