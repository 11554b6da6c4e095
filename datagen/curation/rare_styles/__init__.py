"""The styles of writing that a folder has few images of, as weights and as a sheet."""
