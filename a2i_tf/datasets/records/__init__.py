"""TFRecord files of what training reads: features and pictures, ready to be batched."""
