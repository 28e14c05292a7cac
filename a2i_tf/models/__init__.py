"""The networks and the training step."""
