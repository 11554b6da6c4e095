"""What trains: one module or package for each engine, all filling `fixed_eval.training.Engine`."""
