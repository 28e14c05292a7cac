import gc
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from model_fixture import make_clip, make_clips, make_model, temporary_folder
from shared_data import esc10_clips, needs_esc10

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.windows import cut_windows
from a2i_tf.errors import A2IError
from a2i_tf.export.warmup import WARMUP_FILE
from a2i_tf.export.weight_storage import TFLITE_PRECISIONS
from a2i_tf.inference.loading import load
from a2i_tf.inference.pixels import pixels
from a2i_tf.inference.run import LiveSynthesizer
from a2i_tf.inference.tflite_file import unpack_tflite
from a2i_tf.inference.training_range import standard_scores
from a2i_tf.version import __version__

REPOSITORY = Path(__file__).resolve().parents[1]

# TensorFlow imports Keras by itself where it can; here neither it nor a2i can be had.
BARE_PROCESS = """
import sys
for name in ("a2i_tf", "keras", "tensorflow_io"):
    sys.modules[name] = None
import tensorflow as tf
loaded = tf.saved_model.load(sys.argv[1])
files = tf.stack([tf.io.read_file(sys.argv[2])])
pictures = loaded.signatures["serving_default"](audio_bytes=files)["image_bytes"]
tf.io.write_file(sys.argv[3], pictures[0])
"""

WITHOUT_TENSORFLOW = """
import sys
import numpy as np
from a2i_tf.inference.loading import load
model = load(sys.argv[1])
np.save(sys.argv[3], model.generate(np.load(sys.argv[2]), seed=5))
print([name for name in ("tensorflow", "keras") if name in sys.modules])
"""


@pytest.fixture(scope="module", autouse=True)
def load_files(exported):
    global version_folder, tflite_files, live, saved, lite
    version_folder = exported / "1"
    tflite_files = {
        precision: exported.parent / f"a2i-{precision}.tflite" for precision in TFLITE_PRECISIONS
    }
    live = LiveSynthesizer(make_model())
    saved, lite = load(exported), load(tflite_files["float32"])


def wav_file(clip, sample_rate=16_000, channels=1):
    samples = np.repeat(clip[:, np.newaxis], channels, axis=1)
    return tf.audio.encode_wav(samples, sample_rate).numpy()


def serve(files):
    return saved.loaded.signatures["serving_default"](audio_bytes=tf.constant(files))["image_bytes"]


def serve_seeds(files, seeds):
    ask = saved.loaded.signatures["serving_seeds"]
    seeds = tf.constant(seeds, tf.int64)
    return ask(audio_bytes=tf.constant(files), seed=seeds)["image_bytes"].numpy().tolist()


def graphs_in_memory():
    gc.collect()
    return sum(issubclass(type(candidate), tf.Graph) for candidate in gc.get_objects())


class VersionFolderTest(tf.test.TestCase):
    def test_the_layout_is_what_tf_serving_expects(self):
        names = {path.name for path in version_folder.iterdir()}
        expected = {"saved_model.pb", "variables", "assets.extra", "config.json", "fingerprint.pb"}
        self.assertEqual(names | {"assets"}, expected | {"assets"})
        self.assertTrue((version_folder / WARMUP_FILE).is_file())

    def test_a_process_that_loads_it_and_lets_it_go_keeps_none_of_its_graphs(self):
        counts = []
        for _ in range(2):
            with self.assertNoLogs("tensorflow", "WARNING"), self.assertNoLogs("absl", "INFO"):
                loaded = tf.saved_model.load(str(version_folder))
            self.assertIn("serving_default", loaded.signatures)
            del loaded
            counts.append(graphs_in_memory())
        self.assertEqual(counts[0], counts[1])

    def test_the_contract_is_beside_it_with_the_version(self):
        values = json.loads((version_folder / "config.json").read_text())
        self.assertEqual(values["a2i_version"], __version__)
        self.assertEqual(saved.config, live.config)

    def test_nothing_else_was_written(self):
        base = version_folder.parent
        names = {path.name for path in base.parent.iterdir()}
        self.assertEqual(names, {"a2i"} | {path.name for path in tflite_files.values()})
        self.assertEqual([path.name for path in base.iterdir()], ["1"])


class SignaturesTest(tf.test.TestCase):
    def test_names_types_and_shapes(self):
        expected = {
            "serving_default": (
                {"audio_bytes": ([None], tf.string)},
                {"image_bytes": ([None], tf.string)},
            ),
            "serving_seeds": (
                {"audio_bytes": ([None], tf.string), "seed": ([None], tf.int64)},
                {"image_bytes": ([None], tf.string)},
            ),
            "standard_scores": (
                {"audio_bytes": ([None], tf.string)},
                {"standard_score": ([None, 13], tf.float32)},
            ),
            "encode": (
                {"waveform": ([None, 16_000], tf.float32)},
                {"embedding": ([None, 8], tf.float32), "mfcc": ([None, 8, 13], tf.float32)},
            ),
            "encode_mfcc": (
                {"mfcc": ([None, 8, 13], tf.float32)},
                {"embedding": ([None, 8], tf.float32)},
            ),
            "draw": (
                {"embedding": ([None, 8], tf.float32), "noise": ([None, 128], tf.float32)},
                {"image": ([None, 32, 32, 3], tf.float32)},
            ),
        }
        signatures = saved.loaded.signatures
        self.assertEqual(set(signatures), set(expected))
        for name, (inputs, outputs) in expected.items():
            _, by_name = signatures[name].structured_input_signature
            self.assert_specs(by_name, inputs)
            self.assert_specs(signatures[name].structured_outputs, outputs)

    def assert_specs(self, specs, expected):
        found = {name: (spec.shape.as_list(), spec.dtype) for name, spec in specs.items()}
        self.assertEqual(found, expected)

    def test_encode_mfcc_hears_what_encode_hears(self):
        windows = cut_windows(make_clip(2.7), 16_000)
        features = mfcc(tf.constant(windows), live.config.mfcc)
        embeddings = saved.loaded.signatures["encode_mfcc"](mfcc=features)["embedding"]
        self.assertAllClose(embeddings, live.encode_windows(windows).embedding, atol=1e-5)

    def test_it_answers_where_only_tensorflow_is(self):
        clip, folder = make_clip(1.3), temporary_folder(self)
        (folder / "clip.wav").write_bytes(wav_file(clip))
        arguments = [str(version_folder), "clip.wav", "picture.png"]
        subprocess.run([sys.executable, "-c", BARE_PROCESS, *arguments], cwd=folder, check=True)
        self.assertEqual((folder / "picture.png").read_bytes(), serve([wav_file(clip)])[0])


class ServingTest(tf.test.TestCase):
    def test_a_batch_of_mixed_clips_is_answered_as_each_alone(self):
        files = [
            wav_file(make_clip(0, 0)),
            wav_file(make_clip(0.4, 1, 8_000), 8_000),
            wav_file(make_clip(2.7, 2, 44_100), 44_100, channels=2),
            wav_file(make_clip(40.0, 3)),
            wav_file(make_clip(1.0, 4, 48_000), 48_000, channels=2),
        ]
        together = serve(files).numpy().tolist()
        self.assertEqual(together, [serve([file])[0].numpy() for file in files])
        self.assertLen(set(together), len(files))

    def test_a_picture_is_what_generate_draws_with_seed_0(self):
        clip = make_clip(2.7)
        heard = tf.audio.decode_wav(wav_file(clip)).audio[:, 0].numpy()
        served = tf.io.decode_png(serve([wav_file(clip)])[0]).numpy().astype(np.int16)
        self.assertEqual(served.shape, (32, 32, 3))
        self.assertAllInRange(served - pixels(live.generate(heard)), -1, 1)

    def test_random_mixes_are_answered_as_each_alone(self):
        rng = np.random.default_rng(0)
        files = [
            wav_file(make_clip(seconds, seed, rate), rate, channels)
            for seed, (seconds, rate, channels) in enumerate(
                [
                    (0.1, 8_000, 1),
                    (1.0, 16_000, 1),
                    (1.0, 16_000, 2),
                    (1.6, 22_050, 1),
                    (4, 16_000, 1),
                ]
            )
        ]
        alone = {}
        for size in (1, 2, 3, 5, 8, 13):
            which, seeds = rng.integers(0, len(files), size), rng.integers(0, 1_000, size)
            together = serve_seeds([files[i] for i in which], seeds)
            for row, i, seed in zip(together, which, seeds, strict=True):
                key = (int(i), int(seed))
                alone[key] = alone.get(key) or serve_seeds([files[i]], [seed])[0]
                self.assertEqual(row, alone[key])

    def test_a_seed_is_the_one_of_generate(self):
        file = wav_file(make_clip(1.4))
        heard = tf.audio.decode_wav(file).audio[:, 0].numpy()
        seeds = [0, 7, 999]
        pictures = serve_seeds([file] * 3, seeds)
        self.assertEqual(pictures[0], serve([file])[0].numpy())
        for seed, picture in zip(seeds, pictures, strict=True):
            levels = tf.io.decode_png(picture).numpy().astype(np.int16)
            self.assertAllInRange(levels - pixels(live.generate(heard, seed)), -1, 1)
        self.assertLen(set(pictures), 3)

    def test_seeds_that_are_none_are_refused(self):
        file = wav_file(make_clip(1))
        for seed in (-1, 1_000, 2**40):
            with pytest.raises(tf.errors.InvalidArgumentError, match="outside 0 to 999"):
                serve_seeds([file, file], [0, seed])
        with pytest.raises(tf.errors.InvalidArgumentError, match="one seed for each file"):
            serve_seeds([file, file], [0])

    def test_an_empty_batch_gets_an_empty_answer(self):
        self.assertEqual(serve(np.zeros(0, "S1")).shape, [0])
        self.assertEqual(serve_seeds(np.zeros(0, "S1"), []), [])

    def test_standard_scores_are_those_of_every_backend(self):
        for clip in (*make_clips(), make_clip(40.0), np.zeros(16_000, np.float32)):
            file = wav_file(clip)
            heard = tf.audio.decode_wav(file).audio[:, 0].numpy()
            expected = standard_scores(live.hear(heard).mean_mfcc, live.config)
            for backend in (saved, lite):
                scores = standard_scores(backend.hear(heard).mean_mfcc, backend.config)
                self.assertAllClose(scores, expected, atol=1e-3, rtol=0)
            served = saved.loaded.signatures["standard_scores"](audio_bytes=tf.constant([file]))
            self.assertAllClose(served["standard_score"][0], expected, atol=1e-3, rtol=0)

    def test_bad_files_are_refused(self):
        for contents in (b"", b"no WAV file", wav_file(make_clip(1))[:100]):
            with pytest.raises(tf.errors.OpError):
                serve([contents])
        with pytest.raises(tf.errors.InvalidArgumentError, match="no samples"):
            serve([wav_file(np.zeros(0, np.float32))])


class BackendsTest(tf.test.TestCase):
    def test_all_hear_and_draw_alike(self):
        for seed, clip in enumerate(make_clips()):
            self.assert_alike(clip, seed)

    @needs_esc10
    def test_all_hear_and_draw_real_recordings_alike(self):
        for seed, path in enumerate(esc10_clips(3)):
            self.assert_alike(load_waveform(path, 16_000), seed)

    def assert_alike(self, clip, seed):
        embedding, picture = live.encode(clip), live.generate(clip, seed)
        self.assertEqual((embedding.shape, embedding.dtype), ((8,), np.float32))
        self.assertEqual((picture.shape, picture.dtype), ((32, 32, 3), np.float32))
        self.assertAllInRange(picture, 0, 1)
        for backend in (saved, lite):
            self.assertAllClose(backend.encode(clip), embedding, atol=1e-3, rtol=0)
            self.assertAllClose(
                backend.draw(embedding, seed), live.draw(embedding, seed), atol=1e-3, rtol=0
            )
            self.assertAllClose(backend.generate(clip, seed), picture, atol=1e-3, rtol=0)

    def test_the_same_seed_gives_the_same_picture_and_another_another(self):
        clip = make_clip(1.0)
        for backend in (live, saved, lite):
            picture = backend.generate(clip, seed=1)
            self.assertAllEqual(picture, backend.generate(clip, seed=1))
            self.assertNotAllClose(picture, backend.generate(clip, seed=2), atol=1e-2)


class TfliteTest(tf.test.TestCase):
    def test_all_operations_are_built_in(self):
        for path in tflite_files.values():
            flatbuffer, _ = unpack_tflite(path)
            interpreter = Interpreter(model_content=flatbuffer)
            signatures = interpreter.get_signature_list()
            self.assertEqual(
                signatures,
                {
                    "encode": {"inputs": ["waveform"], "outputs": ["embedding", "mfcc"]},
                    "draw": {"inputs": ["embedding", "noise"], "outputs": ["image"]},
                },
            )
            self.assertEmpty(custom_operations(flatbuffer))

    def test_the_file_runs_as_it_is_with_its_contract_inside(self):
        path = tflite_files["float32"]
        encode = Interpreter(model_path=str(path)).get_signature_runner("encode")
        clip = make_clip(1.0)
        heard = encode(waveform=clip[np.newaxis])["embedding"][0]
        self.assertAllClose(heard, live.encode(clip), atol=1e-3)
        self.assertEqual(lite.config, live.config)

    def test_small_weights_make_small_files_that_draw_the_same(self):
        sizes = {name: path.stat().st_size for name, path in tflite_files.items()}
        self.assertLess(sizes["float16"], sizes["float32"])
        self.assertLess(sizes["int8"], sizes["float16"])
        for precision, bound in (("float16", 5e-3), ("int8", 5e-2)):
            small = load(tflite_files[precision])
            for clip in (*make_clips(), np.zeros(16_000, np.float32)):
                difference = np.abs(small.generate(clip) - live.generate(clip))
                self.assertLess(difference.mean(), bound)

    def test_it_is_drawn_with_where_tensorflow_is_not_imported(self):
        clip, folder = make_clip(1.3), temporary_folder(self)
        np.save(folder / "clip.npy", clip)
        arguments = [str(tflite_files["float32"]), "clip.npy", "picture.npy"]
        run = subprocess.run(
            [sys.executable, "-c", WITHOUT_TENSORFLOW, *arguments],
            cwd=folder,
            env={"PYTHONPATH": str(REPOSITORY)},
            capture_output=True,
            text=True,
            check=True,
        )
        self.assertEqual((run.stdout, run.stderr), ("[]\n", ""))
        picture = np.load(folder / "picture.npy")
        self.assertAllEqual(picture, lite.generate(clip, seed=5))


def custom_operations(flatbuffer):
    """Returns the names of operations that aren't built in; Flex operations are among those."""
    from tensorflow.lite.tools import flatbuffer_utils

    model = flatbuffer_utils.convert_bytearray_to_object(bytearray(flatbuffer))
    return [code.customCode for code in model.operatorCodes if code.customCode]


class DamageTest(tf.test.TestCase):
    def setUp(self):
        super().setUp()
        self.folder = temporary_folder(self)
        self.whole = tflite_files["float32"].read_bytes()

    def test_a_damaged_tflite_file_is_refused(self):
        weight = len(self.whole) // 2
        # Not zeros, which a weight may be before it has learnt.
        spoilt = bytes(255 - byte for byte in self.whole[weight : weight + 64])
        for contents in (
            b"",
            b"no model at all",
            self.whole[:1000],
            self.whole[:-1],
            self.whole[1000:],
            self.whole[:weight] + spoilt + self.whole[weight + 64 :],
        ):
            path = self.folder / "model.tflite"
            path.write_bytes(contents)
            self.assert_refused(path, "damaged")

    def test_a_tflite_file_from_elsewhere_is_refused(self):
        path = self.folder / "model.tflite"
        path.write_bytes(unpack_tflite(tflite_files["float32"])[0])
        self.assert_refused(path, "no model that `a2i export` wrote")

    def test_a_tflite_file_of_another_format_is_refused(self):
        path = self.folder / "model.tflite"
        path.write_bytes(self.whole.replace(b'"format": 3', b'"format": 9'))
        self.assert_refused(path, "damaged")

    def test_a_damaged_savedmodel_is_refused(self):
        folder = self.folder / "1"
        folder.mkdir()
        (folder / "saved_model.pb").write_bytes(b"no model at all")
        self.assert_refused(folder, "without config.json")
        config = (version_folder / "config.json").read_text()
        (folder / "config.json").write_text(config[:20])
        self.assert_refused(folder, "cannot be read as JSON")
        (folder / "config.json").write_text(config.replace('"format": 3', '"format": 9'))
        self.assert_refused(folder, "format 9")
        (folder / "config.json").write_text(config)
        self.assert_refused(folder, "is damaged")
        (folder / "saved_model.pb").write_bytes((version_folder / "saved_model.pb").read_bytes())
        self.assert_refused(folder, "is damaged")

    def assert_refused(self, path, message):
        with pytest.raises(A2IError, match=message) as caught:
            load(path)
        self.assertIn(str(path), str(caught.value))
        self.assertNotIn("\n", str(caught.value))
