"""What every page of ours is put together from: markup, charts, one style sheet."""
