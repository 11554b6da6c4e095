"""What each image, style and ingredient is worth to the frozen score, by many small trainings."""
