import errno
from unittest import mock

import pytest
import tensorflow as tf
from model_fixture import make_clip, make_clips, make_model, temporary_folder

from a2i_tf.errors import A2IError
from a2i_tf.export import exporter
from a2i_tf.export.exporter import export_model
from a2i_tf.inference.loading import load
from a2i_tf.inference.run import LiveSynthesizer


class ExportModelTest(tf.test.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.model = make_model()

    def setUp(self):
        super().setUp()
        self.folder = temporary_folder(self)
        self.destination = self.folder / "a2i"

    def files(self):
        return sorted(path.name for path in self.folder.rglob("*"))

    def export(self, **arguments):
        defaults = {"tflite": (), "clips": [make_clip(1.0)]}
        return export_model(self.model, self.destination, **{**defaults, **arguments})

    def test_versions_count_up_and_the_highest_is_loaded(self):
        for version in ("2", "9", "10"):
            (self.destination / version).mkdir(parents=True)
        (self.destination / "notes").mkdir()
        self.assertEqual(self.export().version_folder, self.destination / "11")
        clip = make_clip(1.0)
        expected = LiveSynthesizer(self.model).generate(clip)
        self.assertAllClose(load(self.destination).generate(clip), expected, atol=1e-3)

    def test_a_disagreeing_savedmodel_is_refused_and_nothing_left(self):
        another = LiveSynthesizer(make_model(seed=1))
        with (
            mock.patch.object(exporter, "LiveSynthesizer", return_value=another),
            pytest.raises(A2IError, match="the SavedModel export does not draw"),
        ):
            self.export()
        self.assertEmpty(self.files())

    def test_a_disagreeing_tflite_file_is_refused_and_nothing_left(self):
        (self.destination / "1").mkdir(parents=True)
        (self.folder / "a2i-float32.tflite").write_bytes(b"the one before")
        before = self.files()
        another = exporter.build_tflite(make_model(seed=1), ("float32",))
        with (
            mock.patch.object(exporter, "build_tflite", return_value=another),
            pytest.raises(A2IError, match="the TFLite float32 export does not draw"),
        ):
            self.export(tflite=("float32",))
        self.assertEqual(self.files(), before)
        self.assertEqual((self.folder / "a2i-float32.tflite").read_bytes(), b"the one before")

    def test_a_full_disk_is_one_line_and_nothing_left(self):
        for name, error in (
            ("write_bytes", OSError(errno.ENOSPC, "No space left on device")),
            ("build_tflite", KeyboardInterrupt()),
        ):
            expected = A2IError if isinstance(error, OSError) else KeyboardInterrupt
            with (
                mock.patch.object(exporter, "build_tflite", return_value={"int8": b""}),
                mock.patch.object(exporter, name, side_effect=error),
                pytest.raises(expected),
            ):
                self.export(tflite=("int8",))
            self.assertEmpty(self.files())

    def test_a_full_disk_inside_tensorflow_is_one_line_and_nothing_left(self):
        error = tf.errors.ResourceExhaustedError(None, None, "No space left on device")
        with (
            mock.patch.object(tf.saved_model, "save", side_effect=error),
            pytest.raises(A2IError, match="No space left"),
        ):
            self.export()
        self.assertEmpty(self.files())

    def test_bad_arguments_are_refused_before_anything_is_made(self):
        with pytest.raises(A2IError, match="precision int4"):
            self.export(tflite=("int4",))
        with pytest.raises(A2IError, match="at least one"):
            self.export(clips=[])
        self.destination.write_text("a file in the way")
        with pytest.raises(A2IError, match="a file of that name is in the way"):
            self.export()

    def test_the_default_preset_exports_at_every_precision(self):
        model = make_model("default")
        precisions = ("float32", "float16", "int8")
        result = export_model(model, self.destination, precisions, make_clips())
        names = [row.name for row in result.comparisons]
        lite = [f"TFLite {precision}" for precision in precisions]
        self.assertEqual(names, ["SavedModel", "SavedModel serving_default", *lite])
        self.assertTrue(all(row.agrees for row in result.comparisons))
        # Guidance magnifies the rounding of weights, most of all where they are random.
        self.assertLess(max(row.image_mean for row in result.comparisons[:-1]), 1e-3)
        self.assertLess(result.comparisons[-1].image_mean, 1e-2)
        clip = make_clip(2.7)
        expected = LiveSynthesizer(model).generate(clip, seed=1)
        for path in (self.destination, result.tflite_files["float32"]):
            self.assertAllClose(load(path).generate(clip, seed=1), expected, atol=1e-3, rtol=0)
