"""The images that a trained score gets wrong, as weights and as a sheet."""
