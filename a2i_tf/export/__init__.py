"""SavedModel and TFLite files that stand alone."""
