"""Ranked suspects: images of a folder whose label, or which themselves, may be wrong."""
