"""The page on which a person reviews the images of a folder, one suspect after the other."""
