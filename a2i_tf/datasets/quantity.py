"""How many of what, in words."""

from __future__ import annotations


def quantity(count: int, noun: str) -> str:
    """Returns such as "1 source", "2 sources", "3 classes"."""
    if count == 1:
        return f"1 {noun}"
    return f"{count} {noun}{'es' if noun.endswith('s') else 's'}"
