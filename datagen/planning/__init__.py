"""Who, how many, which: a recipe and its sources become a list of items. No image is made here."""
