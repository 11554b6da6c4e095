"""Dataset cards: a dataset described in Markdown, with the header that Hugging Face reads."""
