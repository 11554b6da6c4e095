"""What a sweep found: the ranking, its cost, the best recipe, and the sentences that say it."""
