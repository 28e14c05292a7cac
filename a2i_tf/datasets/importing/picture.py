"""From any picture or frame to a square one of the size wanted."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from a2i_tf.datasets.importing.options import Fit
from a2i_tf.errors import A2IError

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
# Above it, video without a mark is BT.709; up to it, BT.601 (the custom of FFmpeg's players).
_STANDARD_DEFINITION_HEIGHT = 576
_UNSPECIFIED_COLOURS = 2


def fit_picture(image: Image.Image, size: int, fit: Fit, pixel_aspect: float = 1.0) -> Image.Image:
    """Makes a picture square without distorting it.

    Args:
        image: RGB, of any shape.
        size: Width and height wanted in pixels.
        fit: "crop" keeps the centre, "letterbox" keeps all of it between black bars.
        pixel_aspect: Width of a pixel over its height.

    Returns:
        RGB [size, size].
    """
    width, height = image.width * pixel_aspect, float(image.height)
    if fit == "crop":
        side = min(width, height)
        box = _centred_box(image, side / pixel_aspect, side)
        return image.resize((size, size), Image.Resampling.LANCZOS, box, reducing_gap=3.0)
    scale = size / max(width, height)
    inner = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = image.resize(inner, Image.Resampling.LANCZOS, reducing_gap=3.0)
    picture = Image.new("RGB", (size, size), _BLACK)
    picture.paste(small, ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return picture


def fit_frame(frame: av.VideoFrame, size: int, fit: Fit, pixel_aspect: float) -> Image.Image:
    """Makes a frame square, upright and RGB; see `fit_picture`."""
    colours = None
    if frame.colorspace == _UNSPECIFIED_COLOURS and frame.height > _STANDARD_DEFINITION_HEIGHT:
        colours = "ITU709"
    picture = fit_picture(frame.to_image(src_colorspace=colours), size, fit, pixel_aspect)
    return picture.rotate(90 * round(frame.rotation / 90)) if frame.rotation else picture


def read_picture(path: Path, size: int, fit: Fit) -> Image.Image:
    """Reads a picture in any format that Pillow knows, upright, on white where it's transparent.

    Raises:
        A2IError: if the file is missing, not a picture, damaged or too large.
    """
    try:
        with Image.open(path) as image:
            # JPEG decodes at a fraction of its size far quicker.
            image.draft("RGB", (2 * size, 2 * size))
            return fit_picture(_to_rgb(ImageOps.exif_transpose(image)), size, fit)
    except FileNotFoundError as error:
        raise A2IError(f"{path}: no such file; check the spelling") from error
    except (UnidentifiedImageError, Image.DecompressionBombError) as error:
        reason = "is no picture" if isinstance(error, UnidentifiedImageError) else "is too large"
        raise A2IError(f"{path}: {reason}; give a PNG, JPEG, WebP or TIFF file") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise A2IError(f"{path}: is not a whole picture ({error}); export it again") from error


def _centred_box(
    image: Image.Image, width: float, height: float
) -> tuple[float, float, float, float]:
    left, top = (image.width - width) / 2, (image.height - height) / 2
    return (
        max(left, 0),
        max(top, 0),
        min(left + width, image.width),
        min(top + height, image.height),
    )


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):
        # Pillow would clip 16 bits at 255 instead of scaling them.
        return Image.fromarray((np.asarray(image) // 256).clip(0, 255).astype(np.uint8)).convert(
            "RGB"
        )
    if image.has_transparency_data:
        layered = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, _WHITE), layered).convert("RGB")
    return image.convert("RGB")
