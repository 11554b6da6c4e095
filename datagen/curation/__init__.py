"""Work on real images: a holdout, hard examples, rare styles."""
