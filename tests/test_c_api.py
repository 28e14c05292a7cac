"""The SavedModel loads and answers where no Python has registered anything, as in TF Serving."""

import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf
from model_fixture import make_clip
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel

from a2i_tf.inference.loading import load

PROCESS = Path(__file__).parent / "c_api_process.py"


@pytest.fixture
def version_folder(server):
    return server.model_path / "1"


@pytest.fixture
def ask(version_folder):
    """Sends files to `serving_default` through the C API: (exit code, stderr)."""
    saved = SavedModel.FromString((version_folder / "saved_model.pb").read_bytes())
    signature = saved.meta_graphs[0].signature_def["serving_default"]
    names = (signature.inputs["audio_bytes"].name, signature.outputs["image_bytes"].name)
    assert all(name.endswith(":0") for name in names)
    operations = [name.removesuffix(":0") for name in names]

    def run(*files):
        command = [sys.executable, PROCESS, tf.sysconfig.get_lib(), version_folder, *operations]
        done = subprocess.run(
            [*command, *files],
            env={"TF_CPP_MIN_LOG_LEVEL": "3"},
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stderr

    return run


def test_clips_of_several_rates_give_the_pictures_that_python_gets(ask, version_folder, tmp_path):
    files = []
    for index, (seconds, rate) in enumerate(((0.4, 8_000), (1.0, 16_000), (2.7, 44_100))):
        clip = make_clip(seconds, index, rate)
        files.append(tmp_path / f"{rate}.wav")
        files[-1].write_bytes(tf.audio.encode_wav(clip[:, None], rate).numpy())
    code, errors = ask(*files)
    assert code == 0, errors
    serve = load(version_folder.parent).loaded.signatures["serving_default"]
    expected = serve(audio_bytes=tf.stack([file.read_bytes() for file in files]))["image_bytes"]
    for file, picture in zip(files, expected.numpy(), strict=True):
        assert Path(f"{file}.png").read_bytes() == picture
    assert len(set(expected.numpy())) == len(files)


def test_a_bad_file_is_an_error_that_says_so(ask, tmp_path):
    (tmp_path / "noise.wav").write_bytes(b"no sound at all")
    code, errors = ask(tmp_path / "noise.wav")
    assert code == 1
    assert "RIFF" in errors
