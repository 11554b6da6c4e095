"""Real images set aside, to judge by: by style or at random, once or in folds."""
