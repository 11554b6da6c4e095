"""Searches: the best recipe for one's own images, by folds of whole styles, every look counted."""
