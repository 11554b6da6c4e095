"""Reviews of images by a person: the file of decisions, and how two of them are merged."""
