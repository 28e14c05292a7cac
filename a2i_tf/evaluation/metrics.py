"""Measures of pictures against pictures, one number an item.

All take uint8 images [n, size, size, 3] and return float64 [n], so that the caller can average
over items, sources or classes. Floats are refused: a metric computed on [-1, 1] or [0, 1] images
as if they were [0, 255] gives a number that looks right.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

# Wang et al. 2004, section III.C: an 11 x 11 circular Gaussian window of 1.5 pixels, K1, K2.
_SSIM_WINDOW = 11
_SSIM_SIGMA = 1.5
_SSIM_C1 = (0.01 * 255) ** 2
_SSIM_C2 = (0.03 * 255) ** 2

# Rounding to 8 bits errs by up to half a step, evenly: by 1/12 in the mean square. No image file
# says where a smaller error lies; the floor keeps equal images at 58.9 dB, short of infinity.
_LEAST_SQUARED_ERROR = 1 / 12

_HISTOGRAM_BINS = 256

# Few enough images that what is computed on the way, several times as large as they are, stays in
# the processor's cache.
_BLOCK = 32

_LUMINANCE_WEIGHTS = np.array([0.2126, 0.7152, 0.0722])
_DARK_BELOW = 0.1


def ssim(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Structural similarity of every pair of images (Wang et al. 2004, equation 13).

    The mean over all three channels and all places where the window lies wholly inside, as in
    `tf.image.ssim` and in `skimage.metrics.structural_similarity(gaussian_weights=True, sigma=1.5,
    use_sample_covariance=False, data_range=255, channel_axis=-1)`; the latter
    agrees to 1e-5, TensorFlow's to 1e-4.

    Args:
        first: uint8 [n, size, size, 3], size at least 11.
        second: The same shape.

    Returns:
        float64 [n] in [-1, 1]; 1 for equal images.

    Raises:
        ValueError: if the images are not uint8, differ in shape, or are smaller than the window.
    """
    _check_two(first, second)
    size = first.shape[1]
    if size < _SSIM_WINDOW:
        raise ValueError(f"images of {size} px are smaller than the {_SSIM_WINDOW} px of ssim")
    window = _window_matrix(size)
    return _by_blocks(lambda x, y: _ssim_block(x, y, window), first, second)


def _window_matrix(size: int) -> NDArray[np.float64]:
    """Returns [size - 10, size]: every row holds the Gaussian window at one place."""
    offsets = np.arange(_SSIM_WINDOW) - _SSIM_WINDOW // 2
    weights = np.exp(-0.5 * (offsets / _SSIM_SIGMA) ** 2)
    matrix = np.zeros((size - _SSIM_WINDOW + 1, size))
    for place, row in enumerate(matrix):
        row[place : place + _SSIM_WINDOW] = weights / weights.sum()
    return matrix


def _ssim_block(
    first: NDArray[np.uint8], second: NDArray[np.uint8], window: NDArray[np.float64]
) -> NDArray[np.float64]:
    x, y = (images.transpose(1, 0, 3, 2).astype(np.float64) for images in (first, second))
    mean_x, mean_y = _smooth(x, window), _smooth(y, window)
    product, squares = mean_x * mean_y, mean_x**2 + mean_y**2
    # Only the sum of both variances is needed, so one smoothing is saved.
    variances = _smooth(x * x + y * y, window) - squares
    covariance = _smooth(x * y, window) - product
    similarity = ((2 * product + _SSIM_C1) * (2 * covariance + _SSIM_C2)) / (
        (squares + _SSIM_C1) * (variances + _SSIM_C2)
    )
    return similarity.mean(axis=(0, 2, 3))


def _smooth(values: NDArray[np.float64], window: NDArray[np.float64]) -> NDArray[np.float64]:
    """Smooths [rows, n, 3, columns] along rows and columns, where the window fits.

    The window is separable, and with rows first and columns last each direction is one large
    matrix product.
    """
    size, count = values.shape[:2]
    down = window @ values.reshape(size, -1)
    across = down.reshape(-1, size) @ window.T
    return across.reshape(len(window), count, 3, len(window))


def psnr(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Peak signal-to-noise ratio of every pair of images, in decibels: 10 log₁₀(255² / MSE).

    The mean squared error is taken over all pixels and channels, and counts as at least 1/12, the
    error of rounding itself; above that it equals `skimage.metrics.peak_signal_noise_ratio`.

    Args:
        first: uint8 [n, size, size, 3].
        second: The same shape.

    Returns:
        float64 [n] in dB, from 0 for black against white to 58.92 for equal images.

    Raises:
        ValueError: if the images are not uint8 or differ in shape.
    """
    _check_two(first, second)
    errors = _by_blocks(
        lambda x, y: np.square(x.astype(np.float64) - y).mean(axis=(1, 2, 3)), first, second
    )
    return 10 * np.log10(255**2 / np.maximum(errors, _LEAST_SQUARED_ERROR))


def hss(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Histogram similarity score of every pair of images.

    Our definition, as the reference reports a figure without one: the mean over the three
    channels of the Pearson correlation of both 256-bin histograms. A histogram whose bins are all
    equally full has no correlation: it counts as 1 against another such, and as 0 otherwise.

    Args:
        first: uint8 [n, size, size, 3].
        second: The same shape.

    Returns:
        float64 [n] in [-1, 1]; 1 for equal histograms.

    Raises:
        ValueError: if the images are not uint8 or differ in shape.
    """
    _check_two(first, second)
    return _by_blocks(_hss_block, first, second)


def _hss_block(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.float64]:
    x, y = _centred_histograms(first), _centred_histograms(second)
    covariance = (x * y).sum(axis=-1)
    energy_x, energy_y = (x * x).sum(axis=-1), (y * y).sum(axis=-1)
    both_flat = (energy_x == 0) & (energy_y == 0)
    scale = np.sqrt(energy_x * energy_y)
    correlation = np.divide(covariance, scale, out=both_flat.astype(np.float64), where=scale > 0)
    return correlation.mean(axis=-1)


def _centred_histograms(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Returns [n, 3, 256]: the histogram of every channel minus its mean."""
    count = len(images)
    histogram_of = (np.arange(count)[:, None] * 3 + np.arange(3)) * _HISTOGRAM_BINS
    bins = images.reshape(count, -1, 3) + histogram_of[:, None, :]
    counts = np.bincount(bins.ravel(), minlength=count * 3 * _HISTOGRAM_BINS)
    histograms = counts.reshape(count, 3, _HISTOGRAM_BINS).astype(np.float64)
    return histograms - histograms.mean(axis=-1, keepdims=True)


def dark_fraction(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Share of every image's pixels whose luminance is under 0.1.

    Luminance is the weighted sum of ITU-R BT.709, taken on the pixel values as they are stored,
    scaled to [0, 1]; they are not linearized.

    Args:
        images: uint8 [n, size, size, 3].

    Returns:
        float64 [n] in [0, 1].

    Raises:
        ValueError: if the images are not uint8 of that shape.
    """
    check_images(images)
    return _by_blocks(
        lambda block: (block @ _LUMINANCE_WEIGHTS < _DARK_BELOW * 255).mean(axis=(1, 2)), images
    )


def check_images(images: NDArray[np.uint8]) -> None:
    """Refuses all but pictures as files hold them.

    Raises:
        ValueError: if the dtype is not uint8, or the shape not [n, size, size, 3] with n above 0.
    """
    if images.dtype != np.uint8:
        raise ValueError(f"images must be uint8 in [0, 255], not {images.dtype}; scale them first")
    fits = images.ndim == 4 and images.shape[1] == images.shape[2] and images.shape[3] == 3
    if not fits or len(images) == 0:
        raise ValueError(f"images must have the shape [n, size, size, 3], not {images.shape}")


def _by_blocks(
    measure: Callable[..., NDArray[np.float64]], *images: NDArray[np.uint8]
) -> NDArray[np.float64]:
    """Measures a few images at a time."""
    starts = range(0, len(images[0]), _BLOCK)
    return np.concatenate(
        [measure(*(some[start : start + _BLOCK] for some in images)) for start in starts]
    )


def _check_two(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> None:
    check_images(first)
    check_images(second)
    if first.shape != second.shape:
        raise ValueError(f"images of shapes {first.shape} and {second.shape} are not pairs")
