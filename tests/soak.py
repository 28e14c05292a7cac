"""How long the tests take that can take as long as one likes: `make soak` runs the long form."""

import os

SOAK = os.environ.get("A2I_SOAK") == "1"


def amount(short, long):
    """Returns the long amount in `make soak`, else the short one."""
    return long if SOAK else short
