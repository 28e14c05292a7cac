"""One training run: strategy, budget, checkpoints, logs."""
