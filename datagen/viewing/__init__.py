"""The page that shows one dataset, and what changed between two."""
