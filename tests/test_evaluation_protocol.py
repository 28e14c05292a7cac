import dataclasses
import json

import numpy as np
import pytest
from model_fixture import fill_blank_layers
from pairs_fixture import make_pairs_folder

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.pairs import split_of
from a2i_tf.datasets.statistics import MfccStatistics
from a2i_tf.errors import A2IError
from a2i_tf.evaluation import protocol
from a2i_tf.evaluation.comparison import choose_items, comparison_picture
from a2i_tf.evaluation.judge_cache import load_or_train_judge
from a2i_tf.evaluation.protocol import METRICS, evaluate
from a2i_tf.evaluation.report import Report, Score, score_by_source
from a2i_tf.models.config import ModelConfig
from a2i_tf.models.drawing import DrawingModel
from a2i_tf.models.gan import AudioToImageGAN
from a2i_tf.models.presets import PRESETS


def make_model(image_size=32, setting="scene104"):
    preset, mfcc = PRESETS["tiny"], MFCC_SETTINGS[setting]
    coefficients = mfcc.shape[1]
    statistics = MfccStatistics(
        np.zeros(coefficients, np.float32), np.full(coefficients, 100, np.float32)
    )
    gan = AudioToImageGAN(preset, image_size, mfcc.shape, statistics)
    fill_blank_layers(gan.drawing_generator)
    config = ModelConfig(
        mfcc=mfcc,
        image_size=image_size,
        embedding_dim=preset.embedding_dim,
        noise_dim=preset.noise_dim,
        preset=preset.name,
        dataset="fixture",
        labels=("brook", "meadow", "street"),
        run="untrained",
        steps=0,
    )
    return DrawingModel(config, gan.drawing_encoder, gan.drawing_generator)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pairs_folder(tmp_path_factory.mktemp("report") / "pairs", sources_per_class=6)


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def report(model, folder):
    return evaluate({"model": model, "other": make_model(setting="fine")}, folder)


def test_keys_are_stable(report, folder):
    told = report.to_dict()
    assert list(told) == ["dataset", "checksum", "split", "n_test", "judge", "systems", "notes"]
    assert told["dataset"] == "fixture"
    assert told["checksum"] == folder.info.checksum
    assert told["split"] == "source"
    assert told["n_test"] == len(folder.split("test")) == 24
    assert told["judge"] == {"accuracy_on_real_test": 1.0, "weak": False}
    assert list(told["systems"]) == [
        "model",
        "other",
        "mean_image",
        "class_mean",
        "nearest_audio",
        "random_same_class",
        "real",
    ]
    for scores in told["systems"].values():
        assert list(scores) == ["class_accuracy", "ssim", "hss", "dark_fraction"]
        for score in scores.values():
            assert list(score) == ["mean", "spread"]
            assert np.isfinite(list(score.values())).all()
    assert json.loads(json.dumps(told, allow_nan=False)) == told


def test_real_is_the_ceiling(report):
    scores = report.systems["real"]
    assert scores["class_accuracy"].mean == report.judge_accuracy
    assert scores["ssim"].mean == pytest.approx(1)
    assert scores["hss"].mean == pytest.approx(1)


def test_easy_dataset_is_solved_by_the_baselines_that_can(report):
    # Class is pitch and colour here: hearing it names it; the mean over all classes can't.
    assert report.systems["nearest_audio"]["class_accuracy"].mean == 1.0
    assert report.systems["random_same_class"]["class_accuracy"].mean == 1.0
    assert report.systems["mean_image"]["class_accuracy"].mean == pytest.approx(1 / 3)


def test_same_seed_same_report_with_the_kept_judge(report, model, folder):
    told = []
    again = evaluate(model, folder, on_step=lambda *step: told.append(step))
    expected = {name: s for name, s in report.systems.items() if name != "other"}
    assert again.systems == expected
    assert {what for what, _, _ in told} == {"loading", "measuring"}
    assert told[-1] == ("measuring", 6, 6)


def test_another_seed_draws_from_other_noise(report, model, folder):
    again = evaluate(model, folder, seed=1)
    assert again.systems["model"]["ssim"] != report.systems["model"]["ssim"]
    assert again.systems["class_mean"] == report.systems["class_mean"]


def test_markdown_has_a_row_a_system(report):
    lines = report.to_markdown().splitlines()
    rows = [line for line in lines if line.startswith("| ")]
    assert rows[0] == "| system | class_accuracy | ssim | hss | dark_fraction |"
    assert len(rows) == 2 + len(report.systems)
    assert rows[-1].startswith("| real | 1.000 ± 0.000 | 1.000 ± 0.000 | 1.000 ± 0.000 |")


def test_nothing_is_written_but_the_cache(model, tmp_path):
    folder = make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=1)
    before = set(folder.root.rglob("*"))
    evaluate(model, folder)
    written = set(folder.root.rglob("*")) - before
    assert {path.relative_to(folder.root).parts[0] for path in written} == {".judge"}


def test_metrics_get_the_same_test_items_and_judge(model, folder, monkeypatch):
    seen = []
    monkeypatch.setitem(METRICS, "spy", lambda drawn: seen.append(drawn) or np.zeros(24))
    evaluate(model, folder)
    assert len({id(drawn.judge) for drawn in seen}) == 1
    assert len({id(drawn.test) for drawn in seen}) == 1


def test_the_judge_never_sees_test_images(model, folder, monkeypatch):
    seen = set()

    def spy(folder, train, validation, **options):
        seen.update(split_of(pair.source) for pair in (*train.pairs, *validation.pairs))
        return load_or_train_judge(folder, train, validation, **options)

    monkeypatch.setattr(protocol, "load_or_train_judge", spy)
    evaluate(model, folder)
    assert seen == {"train", "validation"}


def test_weak_judge_is_told(model, folder, monkeypatch):
    monkeypatch.setattr(protocol, "WEAK_JUDGE_ACCURACY", 1.1)
    assert "the judge is weak" in evaluate(model, folder).notes[-1]


def test_image_sizes_must_agree(model, folder):
    with pytest.raises(A2IError, match="model 32 px, large 64 px"):
        evaluate({"model": model, "large": make_model(64)}, folder)


def test_names_of_models(model, folder):
    with pytest.raises(ValueError, match="no model"):
        evaluate({}, folder)
    with pytest.raises(ValueError, match="a baseline has that name"):
        evaluate({"real": model}, folder)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_empty_split_is_named(model, folder, split):
    left = folder.without(pair.id for pair in folder.split(split))
    with pytest.raises(A2IError, match=f"no source falls into the {split} split; use more"):
        evaluate(model, left)


def test_class_without_training_sources_is_named(model, folder):
    gone = (pair.id for pair in folder.split("train") if pair.label == "meadow")
    with pytest.raises(A2IError, match="no source of meadow falls into the train split"):
        evaluate(model, folder.without(gone))


def test_class_without_test_sources_is_noted(model, folder):
    gone = (pair.id for pair in folder.split("test") if pair.label == "meadow")
    report = evaluate(model, folder.without(gone))
    assert report.notes == ("no source of meadow falls into the test split",)


def test_spread_is_over_sources_not_items():
    # Source a has mean 0.5, source b has mean 1: 0.75 ± 0.25 by source.
    values = np.array([0.0, 1.0, 1.0, 1.0])
    sources = np.array(["a", "a", "b", "b"])
    assert score_by_source(values, sources) == Score(mean=0.75, spread=0.25)
    assert score_by_source(values[:2], sources[:2]) == Score(mean=0.5, spread=0.0)


def test_judge_is_weak_under_nine_tenths(report):
    assert not dataclasses.replace(report, judge_accuracy=0.9).judge_is_weak
    assert dataclasses.replace(report, judge_accuracy=0.89).to_dict()["judge"]["weak"]


def test_choose_items_takes_every_class():
    labels = np.array([0, 0, 0, 1, 2, 2])
    rows = choose_items(labels, 2, np.random.default_rng(0))
    assert labels[rows].tolist() == [0, 0, 1, 2, 2]
    assert len(set(rows)) == 5


def test_picture_shows_every_column_and_row(report: Report):
    rows, columns = 3, ("real", "model", "other", "nearest_audio", "class_mean")
    assert report.picture.dtype == np.uint8
    assert report.picture.shape == (26 + 134 * rows, 118 + 134 * len(columns), 3)


def test_picture_holds_the_images_scaled_up():
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), dtype=np.uint8)
    picture = comparison_picture({"a": images, "b": images[::-1]}, ["first", "second"])
    large = images.repeat(4, axis=1).repeat(4, axis=2)
    np.testing.assert_array_equal(picture[26:154, 118:246], large[0])
    np.testing.assert_array_equal(picture[26 + 134 : 154 + 134, 252:380], large[0])
    # The names are written above and at the left.
    assert picture[:26, 118:].min() < 128
    assert picture[26:154, :118].min() < 128


def test_picture_refuses_rows_without_labels():
    images = np.zeros((2, 32, 32, 3), np.uint8)
    with pytest.raises(ValueError, match="2 images for 1 rows"):
        comparison_picture({"a": images}, ["first"])


def test_fixture_covers_all_splits_for_every_class(folder):
    held = {(pair.label, split_of(pair.source)) for pair in folder.pairs}
    assert len(held) == 3 * 3
