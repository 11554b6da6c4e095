"""Shipped reviews of known image collections: hashes, classes and reasons, never an image."""
