"""The page of models beside each other on one dataset."""
