"""Finished numerals: images in class folders.

`source` is what the registry knows; `review` is what a person found wrong with a collection,
`weights` how often each of its images is to serve.
"""

from datagen.sources.images.source import ImagesSource

__all__ = ["ImagesSource"]
