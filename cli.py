"""`python cli.py` in a checkout is `a2i` in an installation."""

from a2i_tf.cli import app, main

__all__ = ["app", "main"]

if __name__ == "__main__":
    main()
