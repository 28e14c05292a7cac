"""Whether an export draws what the model draws."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray
from PIL import Image

from a2i_tf.errors import A2IError
from a2i_tf.export.signatures import SERVED_SEED
from a2i_tf.export.tflite import TflitePrecision
from a2i_tf.inference.savedmodel import SavedModelSynthesizer
from a2i_tf.inference.synthesizer import Synthesizer
