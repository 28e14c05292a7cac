"""How good the pictures are, judged by networks that never saw the model."""
