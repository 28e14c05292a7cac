import imagehash
import numpy as np
import pytest
from PIL import Image

from a2i_tf.datasets.picture_hash import hash_distance, perceptual_hash


def picture(seed, size=64):
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC)


@pytest.mark.parametrize("mode", ["RGB", "L", "P", "RGBA", "1"])
def test_hash_is_that_of_imagehash(mode):
    image = picture(0).convert(mode)
    assert f"{perceptual_hash(image):016x}" == str(imagehash.phash(image))


def test_distance_is_that_of_imagehash():
    first, second = picture(1), picture(2)
    distance = hash_distance(perceptual_hash(first), perceptual_hash(second))
    assert distance == imagehash.phash(first) - imagehash.phash(second)
    assert distance > 10


def test_distance_counts_bits():
    assert hash_distance(0, 0) == 0
    assert hash_distance(0b1011, 0b0001) == 2
    assert hash_distance(0, 2**64 - 1) == 64


def test_size_hardly_matters():
    image = picture(3, size=128)
    smaller = image.resize((48, 48), Image.Resampling.LANCZOS)
    assert hash_distance(perceptual_hash(image), perceptual_hash(smaller)) <= 2
