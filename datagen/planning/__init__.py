"""A recipe and its sources become a list of items: which image is made from what. None is made."""
