"""Paired sounds and pictures, and how they reach a network."""
