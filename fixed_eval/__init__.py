"""The frozen evaluator: knows a dataset directory and nothing else of this project."""
