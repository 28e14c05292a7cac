"""One interface over a run, a SavedModel and a TFLite file."""
