"""The one error type that is meant for people."""

from __future__ import annotations


class A2IError(Exception):
    """Something a person can act on.

    The message is one line that names the thing, what is wrong with it, and what to do. The
    command line prints it on stderr and exits with code 1; library users can catch it.
    """
