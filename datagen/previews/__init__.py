"""What a dataset, a recipe or a pipeline looks like: contact sheets."""
