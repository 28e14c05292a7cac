"""The examples that ship with the page are what the built-in world sounds like."""

import re

import numpy as np
import pytest

from a2i_tf.audio.decode import load_waveform
from a2i_tf.serving.page_sounds import FOLDER, render_clip, write_clips

NAMES = sorted(path.stem for path in FOLDER.glob("*.ogg"))


def test_there_is_a_button_for_each_and_all_are_small():
    index = (FOLDER / "index.html").read_text()
    assert sorted(re.findall(r'class="chip" value="(\w+)"', index)) == NAMES
    assert sum(path.stat().st_size for path in FOLDER.glob("*.ogg")) < 100_000


@pytest.mark.parametrize("name", NAMES)
def test_the_file_holds_the_sound(name):
    # Opus keeps little of a hiss but its spectrum.
    heard = load_waveform(FOLDER / f"{name}.ogg", 16_000, use_tensorflow=False)
    rendered = render_clip(name)
    assert heard.shape == rendered.shape
    assert np.corrcoef(heard, rendered)[0, 1] > 0.8


def test_they_are_written_anew(tmp_path):
    write_clips(tmp_path)
    assert sorted(path.stem for path in tmp_path.iterdir()) == NAMES
