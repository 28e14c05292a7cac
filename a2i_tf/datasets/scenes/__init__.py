"""The built-in audio-visual world: nine scenes whose sound and picture share known causes."""
