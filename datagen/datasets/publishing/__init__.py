"""Datasets in the forms that others open: what may be published, and how it is written."""
