"""What is fast and what is slow: `make bench`."""
