"""A dataset becomes scores: the frozen evaluator as a process, its records, and what they say."""
