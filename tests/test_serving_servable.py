"""What a loaded model says when it can't answer, and of whom that is told."""

import os
import shutil

import grpc
import numpy as np
import pytest
import tensorflow as tf
from small_savedmodel import write_multiplier

from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.joint_call import run_together
from a2i_tf.serving.servable import load_servable


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return write_multiplier(tmp_path_factory.mktemp("made") / "good")


@pytest.fixture(scope="module")
def servable(good):
    return load_servable(1, good)


def truncate_weights(folder):
    [weights] = (folder / "variables").glob("*.data-*")
    os.truncate(weights, 10)


@pytest.mark.parametrize("base", ["models/a2i", "my models (new)/a2i", "linked"])
@pytest.mark.parametrize("relative", [True, False])
@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: shutil.rmtree(folder / "variables"),
        lambda folder: (folder / "variables" / "variables.index").write_bytes(b"x"),
        truncate_weights,
    ],
)
def test_no_part_of_the_servers_paths_is_told(tmp_path, monkeypatch, good, base, relative, spoil):
    folder = tmp_path / base / "1"
    if base == "linked":
        (tmp_path / "real models").mkdir()
        folder.parent.symlink_to(tmp_path / "real models")
    shutil.copytree(good, folder)
    spoil(folder)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ServingError) as refused:
        load_servable(1, folder.relative_to(tmp_path) if relative else folder)
    message = refused.value.message
    assert "/" not in message.replace("and/or", "")
    for part in (*tmp_path.parts[1:], "models", "a2i", "linked"):
        assert part not in message


def reader(folder):
    """A model that fails with whatever code TensorFlow's own operations have for it."""
    text = tf.TensorSpec([None], tf.string, "text")

    @tf.function(input_signature=[text])
    def read(text):
        return {"read": tf.map_fn(tf.io.read_file, text)}

    @tf.function(input_signature=[text])
    def inflate(text):
        return {"inflated": tf.io.decode_compressed(text, "ZLIB")}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, "size")])
    def allocate(size):
        return {"zeros": tf.zeros(size)}

    signatures = {"serving_default": read, "inflate": inflate, "allocate": allocate}
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return load_servable(1, folder)


def test_tensorflows_errors_keep_their_codes(tmp_path):
    model = reader(tmp_path / "1")
    for signature, inputs, code in (
        ("serving_default", {"text": np.array([b"/nothing"], object)}, "NOT_FOUND"),
        ("serving_default", {"text": np.array([b"/tmp"], object)}, "FAILED_PRECONDITION"),
        ("inflate", {"text": np.array([b"junk"], object)}, "DATA_LOSS"),
        ("allocate", {"size": np.array([1 << 50])}, "RESOURCE_EXHAUSTED"),
        ("allocate", {"size": np.array([-1])}, "INVALID_ARGUMENT"),
    ):
        with pytest.raises(ServingError) as refused:
            model.run(signature, inputs)
        assert refused.value.code is grpc.StatusCode[code]


def test_an_unforeseen_error_is_told_to_its_own_request_only(servable, caplog):
    good, bad = {"x": np.ones((1, 2), np.float32)}, {"x": np.array([[{}, 1.0]], object)}
    answers = run_together(servable, "serving_default", [good, bad, good])
    for answer in answers[::2]:
        np.testing.assert_array_equal(answer["y"], good["x"])
    assert isinstance(answers[1], Exception)
    assert not isinstance(answers[1], ServingError)
    assert "serving_default failed" in caplog.text
