"""What a picture looks like in 64 bits: pictures that look alike have hashes that differ little."""

from __future__ import annotations

import imagehash
import numpy as np
from PIL import Image


def perceptual_hash(image: Image.Image) -> int:
    """Returns ImageHash's `phash`: the signs of the lowest frequencies around their median.

    Written as 16 hexadecimal digits it is `str(imagehash.phash(image))`.

    Args:
        image: A picture of any size and mode.

    Returns:
        An unsigned number of 64 bits.
    """
    bits = imagehash.phash(image).hash
    return int.from_bytes(np.packbits(bits).tobytes(), "big")


def hash_distance(a: int, b: int) -> int:
    """Returns the number of bits that differ, 0 to 64."""
    return (a ^ b).bit_count()
