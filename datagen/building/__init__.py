"""Items become images, images become a dataset."""
