"""Image → image augmentation: pure array operations and named pipelines."""
