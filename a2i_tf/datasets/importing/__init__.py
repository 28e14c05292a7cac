"""A person's own videos, sounds and pictures, made into a pairs folder.

    PATH ──recognize──▶ material: jobs ──workers──▶ records ──link──▶ pairs ──assemble──▶ data/NAME

Nothing here imports TensorFlow: worker processes start quickly and stay small.
"""
