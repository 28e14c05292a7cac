import json

import numpy as np
import pytest
import tensorflow as tf
from model_fixture import make_clip, make_model, temporary_folder

from a2i_tf.audio.windows import cut_windows
from a2i_tf.errors import A2IError
from a2i_tf.inference.loading import load
from a2i_tf.inference.noise import noise_from_seed
from a2i_tf.inference.pixels import pixels
from a2i_tf.inference.run import LiveSynthesizer
from a2i_tf.inference.synthesizer import WINDOWS_PER_BATCH, HeardWindows, Synthesizer
from a2i_tf.models.drawing import write_drawing_model


class Recorder(Synthesizer):
    """A backend that notes what it is asked, and encodes a window as its first samples."""

    def __init__(self, config):
        super().__init__(config)
        self.batches = []

    def encode_windows(self, windows):
        self.batches.append(windows.shape)
        mfcc = np.stack([windows[:, 8:21], windows[:, 21:34]], axis=1)
        return HeardWindows(windows[:, : self.config.embedding_dim], mfcc)

    def draw_batch(self, embeddings, noise):
        self.noise = noise
        size = self.config.image_size
        return np.zeros((len(embeddings), size, size, 3), np.float32)


class SynthesizerTest(tf.test.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model()

    def setUp(self):
        super().setUp()
        self.backend = Recorder(self.model.config)

    def test_a_long_clip_is_the_mean_of_its_windows(self):
        clip = make_clip(2.7)
        windows = cut_windows(clip, 16_000)
        self.assertLen(windows, 5)
        self.assertAllClose(self.backend.encode(clip), windows[:, :8].mean(axis=0), atol=1e-6)

    def test_a_very_long_clip_is_encoded_in_bounded_batches(self):
        clip = make_clip(100)
        windows = cut_windows(clip, 16_000)
        heard = self.backend.hear(clip)
        self.assertAllClose(heard.embedding, windows[:, :8].mean(axis=0), atol=1e-6)
        means = (windows[:, 8:21].mean(axis=0) + windows[:, 21:34].mean(axis=0)) / 2
        self.assertAllClose(heard.mean_mfcc, means, atol=1e-6)
        self.assertEqual(sum(count for count, _ in self.backend.batches), len(windows))
        self.assertLen(self.backend.batches, 4)
        self.assertLessEqual(max(self.backend.batches)[0], WINDOWS_PER_BATCH)

    def test_a_short_clip_is_padded(self):
        self.assertAllEqual(self.backend.encode(np.array([0.5])), [0.5, *[0.0] * 7])
        self.assertEqual(self.backend.batches, [(1, 16_000)])

    def test_noise_comes_from_numpy_by_seed(self):
        self.backend.draw(np.zeros(8), seed=3)
        expected = np.random.default_rng(3).standard_normal(128, dtype=np.float32)
        self.assertAllEqual(self.backend.noise, expected[np.newaxis])

    def test_a_seed_is_the_same_everywhere(self):
        expected = [1.117622, -1.3871249, -0.4265716, -0.80358726]
        self.assertAllClose(noise_from_seed(0, 4), expected, atol=1e-6)

    def test_bad_waveforms_are_refused(self):
        for waveform, message in (
            (np.zeros(0, np.float32), "empty"),
            (np.zeros((2, 16_000), np.float32), "mono"),
            (np.float32(0), "mono"),
            (np.array([0, np.nan], np.float32), "NaN"),
            (np.array([0, np.inf], np.float32), "infinite"),
            (np.zeros(10, np.int16), "int16"),
        ):
            with pytest.raises(A2IError, match=message):
                self.backend.encode(waveform)

    def test_bad_embeddings_and_seeds_are_refused(self):
        with pytest.raises(A2IError, match=r"shape \[7\]"):
            self.backend.draw(np.zeros(7))
        with pytest.raises(A2IError, match="seed -1"):
            self.backend.draw(np.zeros(8), seed=-1)

    def test_the_live_model_averages_its_own_windows(self):
        live, clip = LiveSynthesizer(self.model), make_clip(2.7)
        windows = live.encode_windows(cut_windows(clip, 16_000))
        heard = live.hear(clip)
        self.assertAllClose(heard.embedding, windows.embedding.mean(axis=0), atol=1e-5)
        self.assertAllClose(heard.mean_mfcc, windows.mfcc.mean(axis=(0, 1)), atol=1e-4)
        self.assertAllEqual(heard.embedding, live.encode(clip))

    def test_the_live_model_draws_what_training_draws(self):
        live = LiveSynthesizer(self.model)
        mfcc, noise = np.zeros((2, 8, 13), np.float32), np.ones((2, 128), np.float32)
        embeddings = self.model.encoder(mfcc).numpy()
        levels = self.model.draw(mfcc, noise).astype(np.int16)
        self.assertAllInRange(pixels(live.draw_batch(embeddings, noise)) - levels, -1, 1)


class PixelsTest(tf.test.TestCase):
    def test_levels_are_rounded_and_clipped(self):
        image = np.array([-0.1, 0.0, 0.4 / 255, 0.6 / 255, 1.0, 1.1], np.float32)
        levels = pixels(image)
        self.assertAllEqual(levels, [0, 0, 0, 1, 255, 255])
        self.assertDTypeEqual(levels, np.uint8)


class LoadingTest(tf.test.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = temporary_folder(self)

    def write_run(self, model):
        (self.folder / "model").mkdir()
        write_drawing_model(self.folder / "model", model)

    def test_a_run_and_its_model_folder_draw_what_the_model_draws(self):
        model, clip = make_model(), make_clip(0.4)
        self.write_run(model)
        expected = LiveSynthesizer(model).generate(clip, seed=1)
        for path in (self.folder, str(self.folder / "model")):
            loaded = load(path)
            self.assertEqual(loaded.config, model.config)
            self.assertAllClose(loaded.generate(clip, seed=1), expected, atol=1e-6)

    def test_a_run_of_another_format_is_refused(self):
        self.write_run(make_model())
        config = self.folder / "model" / "config.json"
        config.write_text(json.dumps({**json.loads(config.read_text()), "format": 99}))
        self.assert_refused(self.folder, "format 99")

    def test_a_damaged_run_is_refused(self):
        self.write_run(make_model())
        (self.folder / "model" / "encoder.keras").write_bytes(b"PK nothing")
        self.assert_refused(self.folder, "cannot be read")

    def test_a_run_without_a_model_is_refused(self):
        (self.folder / "config.json").write_text("{}")
        self.assert_refused(self.folder, "no model yet")

    def test_what_is_no_model_is_refused(self):
        self.assert_refused(self.folder / "nothing", "no such file or folder")
        self.assert_refused(self.folder, "holds no model")
        file = self.folder / "model.onnx"
        file.write_bytes(b"")
        self.assert_refused(file, "is not a model")
        self.assert_refused(file / "inside", "no such file or folder")

    def assert_refused(self, path, message):
        with pytest.raises(A2IError, match=message) as caught:
            load(path)
        self.assertIn(str(self.folder), str(caught.value))
        self.assertNotIn("\n", str(caught.value))
