from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import keras
import librosa
import numpy as np
import python_speech_features
import scipy.fft
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from shared_data import esc10_clips, needs_esc10

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.filterbank import (
    cepstral_matrix,
    hann_window,
    psf_filter_bank,
    slaney_filter_bank,
)
from a2i_tf.audio.mfcc import Mfcc, mfcc
from a2i_tf.audio.settings import MFCC_SETTINGS, MfccConfig
from a2i_tf.audio.windows import cut_windows
from a2i_tf.errors import A2IError

SCENE104 = MFCC_SETTINGS["scene104"]
FINE = MFCC_SETTINGS["fine"]
LENGTH = 16_000


def synthetic_waveforms() -> np.ndarray:
    """Silence, a full-scale square wave, a click, noise, and a soft tone, in 16-bit steps."""
    time = np.arange(LENGTH) / 16_000
    square = np.where(np.sin(2 * np.pi * 100 * time + 0.01) > 0, 32_767, -32_768)
    click = np.zeros(LENGTH)
    click[5_000] = 30_000
    noise = np.random.default_rng(0).integers(-32_768, 32_768, LENGTH)
    tone = np.round(200 * np.sin(2 * np.pi * 440 * time))
    waves = np.stack([np.zeros(LENGTH), square, click, noise, tone])
    return (waves / 32_768).astype(np.float32)


def recorded_waveforms() -> np.ndarray:
    """Real seconds of ESC-10, in the 16-bit steps that python_speech_features is given."""
    clips = [load_waveform(clip, 16_000, use_tensorflow=False) for clip in esc10_clips(20)]
    waves = np.concatenate([cut_windows(clip, LENGTH) for clip in clips])
    steps = np.clip(np.round(waves * 32_768), -32_768, 32_767)
    return (steps / 32_768).astype(np.float32)


def psf_mfcc(waveform: np.ndarray) -> np.ndarray:
    samples = (waveform.astype(np.float64) * 32_768).astype(np.int16)
    return python_speech_features.mfcc(
        np.append(samples, np.int16(0)), 16_000, winlen=0.25, winstep=0.125, nfft=4096
    )


def librosa_mfcc(waveform: np.ndarray) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=waveform,
        sr=16_000,
        n_fft=512,
        hop_length=256,
        window="hann",
        center=False,
        power=2.0,
        n_mels=64,
        fmin=0.0,
        fmax=8000.0,
    )
    return librosa.feature.mfcc(S=np.log(power + 1e-6), n_mfcc=40, dct_type=2, norm="ortho").T


def to_tflite(config: MfccConfig, batch: int | None) -> Interpreter:
    function = tf.function(
        lambda waveforms: mfcc(waveforms, config),
        input_signature=[tf.TensorSpec([batch, config.window_samples], tf.float32)],
    )
    converter = tf.lite.TFLiteConverter.from_concrete_functions([function.get_concrete_function()])
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS]
    return Interpreter(model_content=converter.convert())


def run_tflite(interpreter: Interpreter, waveforms: np.ndarray) -> np.ndarray:
    index = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(index, waveforms.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(index, waveforms)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


class GoldenTest(tf.test.TestCase):
    def check(
        self,
        waveforms: np.ndarray,
        config: MfccConfig,
        reference: Callable[[np.ndarray], np.ndarray],
        atol: float,
    ) -> None:
        expected = np.stack([reference(waveform) for waveform in waveforms])
        self.assertAllClose(mfcc(tf.constant(waveforms), config), expected, atol=atol, rtol=0)

    def test_scene104_equals_python_speech_features_on_synthetic_sound(self):
        self.check(synthetic_waveforms(), SCENE104, psf_mfcc, 1e-3)

    @needs_esc10
    def test_scene104_equals_python_speech_features_on_recordings(self):
        self.check(recorded_waveforms(), SCENE104, psf_mfcc, 1e-3)

    def test_fine_equals_librosa_on_synthetic_sound(self):
        self.check(synthetic_waveforms(), FINE, librosa_mfcc, 1e-4)

    @needs_esc10
    def test_fine_equals_librosa_on_recordings(self):
        self.check(recorded_waveforms(), FINE, librosa_mfcc, 1e-4)

    def test_silence_is_the_floor(self):
        silence = tf.zeros([1, LENGTH])
        self.assertAllClose(mfcc(silence, SCENE104)[0, :, 0], [np.log(2.0**-52)] * 8)
        self.assertAllClose(mfcc(silence, FINE)[0, :, 0], [8 * np.log(1e-6)] * 61)
        self.assertAllClose(mfcc(silence, FINE)[0, :, 1:], np.zeros([61, 39]), atol=1e-4)


class MatrixTest(tf.test.TestCase):
    def test_slaney_filter_bank_equals_librosa(self):
        for mels, low, high in ((64, 0, 8000), (40, 300, 3400)):
            expected = librosa.filters.mel(sr=16_000, n_fft=512, n_mels=mels, fmin=low, fmax=high)
            self.assertAllClose(
                slaney_filter_bank(16_000, 512, mels, low, high), expected.T, atol=1e-7
            )

    def test_psf_filter_bank_equals_python_speech_features(self):
        for nfft, low, high in ((4096, 0, 8000), (512, 300, 4000)):
            expected = python_speech_features.get_filterbanks(26, nfft, 16_000, low, high)
            self.assertAllClose(psf_filter_bank(16_000, nfft, 26, low, high), expected.T, atol=1e-7)

    def test_cepstral_matrix_is_the_liftered_orthonormal_dct(self):
        log_mel = np.random.default_rng(0).normal(size=(3, 26))
        expected = scipy.fft.dct(log_mel, type=2, norm="ortho")[:, :13]
        self.assertAllClose(log_mel @ cepstral_matrix(26, 13, 0), expected, atol=1e-6)
        liftered = python_speech_features.lifter(expected, 22)
        self.assertAllClose(log_mel @ cepstral_matrix(26, 13, 22), liftered, atol=1e-5)

    def test_hann_window_is_periodic(self):
        self.assertAllClose(hann_window(512), librosa.filters.get_window("hann", 512), atol=1e-7)


class ShapeTest(tf.test.TestCase):
    def test_the_named_settings(self):
        self.assertEqual(SCENE104.shape, (8, 13))
        self.assertEqual(FINE.shape, (61, 40))
        self.assertEqual((SCENE104.frame_length, SCENE104.frame_step), (4000, 2000))
        self.assertEqual((FINE.frame_length, FINE.frame_step), (512, 256))

    def test_output_has_the_shape_that_the_configuration_says(self):
        others = [
            MfccConfig(window_seconds=0.5, pad_end=True, num_mfccs=20, pre_emphasis=0.97),
            MfccConfig(sample_rate=8_000, mel_high_hz=4_000.0, num_mel_bins=40, fft_length=256),
            MfccConfig(hop_seconds=0.05, lifter=22, log_energy=True),
        ]
        for config in (SCENE104, FINE, *others):
            features = mfcc(tf.zeros([3, config.window_samples]), config)
            self.assertEqual(features.shape, (3, *config.shape))
            self.assertEqual(features.dtype, tf.float32)

    def test_a_waveform_of_another_length_is_refused(self):
        with self.assertRaises(ValueError):
            mfcc(tf.zeros([1, LENGTH - 1]), FINE)


class GraphTest(tf.test.TestCase):
    def test_tflite_with_built_in_operations_equals_eager(self):
        waveforms = synthetic_waveforms()
        for name, config in MFCC_SETTINGS.items():
            expected = mfcc(tf.constant(waveforms), config).numpy()
            with self.subTest(name, batch=1):
                interpreter = to_tflite(config, batch=1)
                for waveform, features in zip(waveforms, expected, strict=True):
                    found = run_tflite(interpreter, waveform[np.newaxis])
                    self.assertAllClose(found[0], features, atol=1e-3, rtol=0)
            with self.subTest(name, batch=None):
                found = run_tflite(to_tflite(config, batch=None), waveforms)
                self.assertAllClose(found, expected, atol=1e-3, rtol=0)

    def test_tf_data_map_equals_eager(self):
        waveforms = synthetic_waveforms()
        dataset = tf.data.Dataset.from_tensor_slices(waveforms).batch(2)
        found = np.concatenate(list(dataset.map(lambda batch: mfcc(batch, FINE))))
        self.assertAllClose(found, mfcc(tf.constant(waveforms), FINE), atol=1e-4)


class LayerTest(tf.test.TestCase):
    def test_a_saved_model_computes_the_same(self):
        inputs = keras.Input([LENGTH])
        model = keras.Model(inputs, Mfcc(SCENE104, name="mfcc")(inputs))
        self.assertEqual(model.output_shape, (None, 8, 13))
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.keras"
            model.save(path)
            loaded = keras.models.load_model(path)
        self.assertEqual(loaded.get_layer("mfcc").config, SCENE104)
        waveforms = synthetic_waveforms()
        self.assertAllClose(loaded(waveforms), mfcc(tf.constant(waveforms), SCENE104), atol=1e-4)

    def test_a_mixed_precision_policy_leaves_it_in_float32(self):
        layer = Mfcc(SCENE104, dtype="mixed_float16")
        features = layer(synthetic_waveforms())
        self.assertEqual(features.dtype, tf.float32)
        self.assertAllInRange(features[1], -200.0, 200.0)


class ConfigTest(tf.test.TestCase):
    def test_json_round_trip(self):
        for config in MFCC_SETTINGS.values():
            text = json.dumps(config.to_dict())
            self.assertEqual(MfccConfig.from_dict(json.loads(text)), config)

    def test_values_out_of_range_are_refused(self):
        wrong = {
            "sample_rate": (0, -1, 16_000.5),
            "window_seconds": (0.0, -1.0, float("nan"), 0.01),
            "frame_seconds": (0.0, 2.0, 1e-9, float("inf")),
            "hop_seconds": (0.0, 1e-9),
            "window_function": ("hamming",),
            "fft_length": (0, 500, 256),
            "num_mel_bins": (0, 39, 400),
            "mel_low_hz": (-1.0, 8_000.0),
            "mel_high_hz": (0.0, 8_001.0),
            "mel_style": ("htk",),
            "num_mfccs": (0, 65),
            "full_scale": (0.0,),
            "pre_emphasis": (-0.1, 1.0),
            "log_floor": (0.0,),
            "lifter": (-1,),
        }
        for name, values in wrong.items():
            for value in values:
                with self.subTest(name, value=value), self.assertRaises(ValueError):
                    dataclasses.replace(FINE, **{name: value})

    def test_a_file_of_another_version_is_explained(self):
        with self.assertRaisesRegex(A2IError, "MfccConfig has no field colour"):
            MfccConfig.from_dict({"colour": "blue"})
        with self.assertRaisesRegex(A2IError, "sample_rate"):
            MfccConfig.from_dict({"sample_rate": "fast"})

    def test_settings_do_not_import_tensorflow(self):
        code = "import sys, a2i_tf.audio.settings; sys.exit('tensorflow' in sys.modules)"
        self.assertEqual(subprocess.run([sys.executable, "-c", code], check=False).returncode, 0)
