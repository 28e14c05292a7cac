import numpy as np
import pytest
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from a2i_tf.evaluation.metrics import dark_fraction, hss, psnr, ssim


@pytest.fixture
def images():
    rng = np.random.default_rng(0)
    flat = np.full((1, 32, 32, 3), 200, np.uint8)
    ramp = np.broadcast_to(
        np.arange(0, 256, 8, dtype=np.uint8)[None, None, :, None], (1, 32, 32, 3)
    )
    return np.concatenate([rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8), flat, ramp])


def blurred(images):
    return ((images.astype(int) + np.roll(images, 1, axis=2)) // 2).astype(np.uint8)


def solid(*colours, size=16):
    return np.stack([np.full((size, size, 3), colour, np.uint8) for colour in colours])


def test_ssim_equals_scikit_image(images):
    expected = [
        structural_similarity(
            first,
            second,
            gaussian_weights=True,
            sigma=1.5,
            use_sample_covariance=False,
            data_range=255,
            channel_axis=-1,
        )
        for first, second in zip(images, blurred(images), strict=True)
    ]
    np.testing.assert_allclose(ssim(images, blurred(images)), expected, atol=1e-6)


def test_ssim_equals_tensorflow(images):
    import tensorflow as tf

    expected = tf.image.ssim(images, blurred(images), 255)
    np.testing.assert_allclose(ssim(images, blurred(images)), expected, atol=1e-4)


def test_ssim_of_equal_images_is_one(images):
    np.testing.assert_allclose(ssim(images, images), 1.0, atol=1e-12)


def test_ssim_of_black_and_white_by_hand():
    # Without variance, only the luminance term of equation 13 is left: C1 / (255² + C1).
    c1 = (0.01 * 255) ** 2
    value = ssim(solid(0), solid(255))
    np.testing.assert_allclose(value, c1 / (255**2 + c1), rtol=1e-9)


def test_ssim_is_symmetric_and_keeps_the_order_of_items(images):
    values = ssim(images, blurred(images))
    np.testing.assert_allclose(ssim(blurred(images), images), values, atol=1e-12)
    np.testing.assert_allclose(ssim(images[37:39], blurred(images)[37:39]), values[37:39])


def test_ssim_refuses_images_smaller_than_its_window():
    with pytest.raises(ValueError, match="smaller than the 11 px"):
        ssim(solid(0, size=10), solid(0, size=10))


def test_psnr_equals_scikit_image(images):
    expected = [
        peak_signal_noise_ratio(first, second, data_range=255)
        for first, second in zip(images[:41], np.roll(images[:41], 1, axis=0), strict=True)
    ]
    found = psnr(images[:41], np.roll(images[:41], 1, axis=0))
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_psnr_by_hand():
    np.testing.assert_allclose(psnr(solid(0, 10), solid(255, 11)), [0, 20 * np.log10(255)])


def test_psnr_of_equal_images_is_finite(images):
    # The error of rounding is 1/12 in the mean square: 10 log10(12 * 255²).
    np.testing.assert_allclose(psnr(images, images), 10 * np.log10(12 * 255**2))


def test_hss_doesnt_ask_where_pixels_are(images):
    turned = images[:, ::-1, ::-1]
    np.testing.assert_allclose(hss(images, turned), 1.0)


def test_hss_of_two_solid_colours_by_hand():
    # Histograms with one full bin each, in different places: for k bins, r = -1 / (k - 1).
    np.testing.assert_allclose(hss(solid(10), solid(20)), -1 / 255)


def test_hss_averages_the_channels():
    first, second = solid((10, 10, 10)), solid((10, 10, 20))
    np.testing.assert_allclose(hss(first, second), (1 + 1 - 1 / 255) / 3)


def test_hss_of_flat_histograms():
    # 16 x 16 pixels can fill every bin once.
    values = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)
    flat = np.repeat(values, 3, axis=-1)
    np.testing.assert_array_equal(hss(flat, flat[:, ::-1]), [1.0])
    np.testing.assert_array_equal(hss(flat, solid(0)), [0.0])


def test_dark_fraction_by_hand():
    images = solid(0, 25, 26, 255)
    np.testing.assert_array_equal(dark_fraction(images), [1.0, 1.0, 0.0, 0.0])
    half = images[:1].copy()
    half[:, :8] = 255
    np.testing.assert_array_equal(dark_fraction(half), [0.5])


def test_dark_fraction_weighs_the_channels():
    # 0.0722 of full blue is under 0.1, 0.2126 of full red is not.
    np.testing.assert_array_equal(dark_fraction(solid((0, 0, 255), (255, 0, 0))), [1.0, 0.0])


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((1, 16, 16, 3), np.float32), "must be uint8"),
        (np.zeros((1, 16, 16, 3), np.int64), "must be uint8"),
        (np.zeros((16, 16, 3), np.uint8), "must have the shape"),
        (np.zeros((1, 16, 16, 1), np.uint8), "must have the shape"),
        (np.zeros((1, 3, 16, 16), np.uint8), "must have the shape"),
        (np.zeros((0, 16, 16, 3), np.uint8), "must have the shape"),
    ],
)
@pytest.mark.parametrize("metric", [ssim, psnr, hss, lambda first, _: dark_fraction(first)])
def test_wrong_images_are_refused(metric, images, message):
    with pytest.raises(ValueError, match=message):
        metric(images, images)


@pytest.mark.parametrize("metric", [ssim, psnr, hss])
def test_images_that_are_no_pairs_are_refused(metric):
    with pytest.raises(ValueError, match="are not pairs"):
        metric(solid(0, 1), solid(0))
