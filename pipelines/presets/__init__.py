"""Pipelines in the package, as YAML: the published practices, and our own."""
