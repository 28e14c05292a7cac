"""`python -m a2i_tf` is `a2i`."""

from a2i_tf.cli import main

if __name__ == "__main__":
    main()
