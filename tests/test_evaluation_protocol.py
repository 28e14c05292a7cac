import dataclasses
import json

import numpy as np
import pytest
from metric_names import PICTURE_METRICS, SAMPLE_METRICS
from model_fixture import make_model
from pairs_fixture import make_pairs_folder

from a2i_tf.datasets.pairs import split_of
from a2i_tf.errors import A2IError
from a2i_tf.evaluation import protocol
from a2i_tf.evaluation.comparison import choose_items, comparison_picture
from a2i_tf.evaluation.judge_cache import load_or_train_judge
from a2i_tf.evaluation.protocol import evaluate
from a2i_tf.evaluation.report import Report, Score

FACTOR_METRICS = ("factor_r2", "factor_r2_pitch")
BASELINE_ROWS = ["mean_image", "class_mean", "nearest_audio", "random_same_class", "shuffled_audio"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_pairs_folder(tmp_path_factory.mktemp("report") / "pairs", sources_per_class=6)


@pytest.fixture(scope="module")
def model():
    return make_model()


@pytest.fixture(scope="module")
def report(model, folder):
    models = {"model": model, "other": make_model(mfcc_setting="fine", seed=1)}
    return evaluate(models, folder, seeds={"tiny (2 seeds)": ["model", "other"]})


@pytest.fixture(scope="module")
def again(report, model, folder):
    """The same evaluation of the first model alone, with what was told and written."""
    del report
    told, before = [], set(folder.root.rglob("*"))
    repeated = evaluate(model, folder, on_step=lambda *step: told.append(step))
    return repeated, told, set(folder.root.rglob("*")) - before


def test_every_system_has_every_metric(report):
    assert list(report.systems) == [
        "model",
        "other",
        "tiny (2 seeds)",
        *BASELINE_ROWS,
        "audio_regressor",
        "real",
    ]
    everything = {*PICTURE_METRICS, *SAMPLE_METRICS, *FACTOR_METRICS}
    for name, scores in report.systems.items():
        assert set(scores) == (set(FACTOR_METRICS) if name == "audio_regressor" else everything)


def test_json_holds_only_numbers(report, folder):
    told = report.to_dict()
    assert json.loads(json.dumps(told, allow_nan=False)) == told
    assert told["checksum"] == folder.info.checksum
    assert told["n_test"] == len(folder.split("test")) == 24
    assert told["factors"] == ["pitch"]
    assert told["judge"] == {"accuracy_on_real_test": 1.0, "weak": False}
    for scores in told["systems"].values():
        for score in scores.values():
            assert np.isfinite(list(score.values())).all()


def test_real_is_the_ceiling(report):
    scores = report.systems["real"]
    assert scores["class_accuracy"].mean == report.judge_accuracy
    for name in ("ssim", "ssim_of_mean", "hss", "retrieval_r1", "retrieval_class_r1"):
        assert scores[name].mean == pytest.approx(1), name
    assert scores["diversity"] == Score(1.0, 0.0)
    assert scores["memorization"].mean == pytest.approx(1)


def test_kid_of_real_is_that_of_training_pictures(report):
    # A set that is compared with itself has the same distance in every subset.
    assert report.systems["real"]["kid"].spread > 0
    for name in ("model", "mean_image"):
        assert report.systems[name]["kid"].mean > report.systems["real"]["kid"].mean


def test_systems_that_do_not_vary_have_no_diversity(report):
    for name in ("mean_image", "class_mean", "nearest_audio"):
        assert report.systems[name]["diversity"] == Score(0.0, 0.0)
    for name in ("model", "random_same_class", "shuffled_audio"):
        assert report.systems[name]["diversity"].mean > 0


def test_random_pictures_of_the_class_are_as_diverse_as_it_and_copied(report):
    assert 0.5 < report.systems["random_same_class"]["diversity"].mean < 1.5
    for name in ("random_same_class", "nearest_audio"):
        assert report.systems[name]["memorization"].mean == pytest.approx(0, abs=0.05)


def test_the_mean_of_samples_is_nearer_than_one_of_them(report):
    # All pictures of a class are its colour with noise, which the mean has less of.
    scores = report.systems["random_same_class"]
    assert scores["ssim_of_mean"].mean > scores["ssim"].mean
    assert report.systems["class_mean"]["ssim_of_mean"] == report.systems["class_mean"]["ssim"]


def test_easy_dataset_is_solved_by_the_baselines_that_can(report):
    # Class is pitch and colour here: hearing it names it; the mean over all classes can't.
    for name in ("nearest_audio", "random_same_class"):
        assert report.systems[name]["class_accuracy"].mean == 1.0
        assert report.systems[name]["retrieval_class_r1"].mean == 1.0
    assert report.systems["mean_image"]["class_accuracy"].mean == pytest.approx(1 / 3)


def test_runs_of_several_seeds_are_one_row(report):
    one, other = report.systems["model"]["ssim"].mean, report.systems["other"]["ssim"].mean
    together = report.systems["tiny (2 seeds)"]["ssim"]
    assert together.mean == pytest.approx((one + other) / 2)
    assert together.spread == pytest.approx(abs(one - other) / np.sqrt(2))


def test_controls_are_measured_on_the_first_model(report):
    assert report.controls.odd_clips == {"silence": True, "white_noise": True, "one_sample": True}
    assert report.controls.mix.num_mixes == 24
    assert report.controls.gain_sweep is None
    assert any("nearness" in note for note in report.notes)
    assert not any("one source" in note for note in report.notes)


def test_same_seed_same_report_with_the_kept_judge(report, again):
    repeated, told, written = again
    left_out = ("other", "tiny (2 seeds)")
    expected = {name: s for name, s in report.systems.items() if name not in left_out}
    assert repeated.systems == expected
    assert repeated.controls == report.controls
    assert not any("training the judge" in what for what, _, _ in told)
    assert not written


def test_progress_is_told(again):
    _, told, _ = again
    assert list(dict.fromkeys(what for what, _, _ in told)) == [
        "checking the pairs",
        "loading",
        "looking at the training pictures",
        "training the factor reader",
        "measuring",
        "reading the factors from sound",
        "controls",
    ]
    # A model and five baselines; shuffled_audio is made of what the model drew.
    assert ("measuring", 0, 6) in told
    assert ("measuring", 6, 6) in told


def test_another_seed_draws_from_other_noise_and_items_are_spread(
    report, model, folder, monkeypatch
):
    monkeypatch.setattr(protocol, "WEAK_JUDGE_ACCURACY", 1.1)
    again = evaluate(model, folder, seed=1, items=12)
    assert again.num_test == 12
    assert again.picture.shape[0] == report.picture.shape[0]
    assert again.systems["model"]["ssim"] != report.systems["model"]["ssim"]
    assert "the judge is weak" in again.notes[-1]


def test_dataset_without_factors_validation_or_a_class_to_test(model, tmp_path, monkeypatch):
    seen = set()

    def spy(folder, train, validation, **options):
        seen.update(split_of(pair.source) for pair in (*train.pairs, *validation.pairs))
        return load_or_train_judge(folder, train, validation, **options)

    monkeypatch.setattr(protocol, "load_or_train_judge", spy)
    folder = make_pairs_folder(tmp_path / "pairs", labels=("a", "b"), pairs_per_source=2)
    pairs = tuple(dataclasses.replace(pair, factors={}) for pair in folder.split("train"))
    tested = tuple(dataclasses.replace(p, factors={}) for p in folder.split("test"))
    plain = dataclasses.replace(folder, pairs=pairs + tested[:2])
    before = set(folder.root.rglob("*"))
    report = evaluate(model, plain)
    # The judge has never seen a test picture, and nothing else was written than the judge.
    assert seen == {"train"}
    written = set(folder.root.rglob("*")) - before
    assert {path.relative_to(folder.root).parts[0] for path in written} == {".judge"}
    assert report.factors == ()
    assert list(report.systems) == ["model", *BASELINE_ROWS, "real"]
    assert not set(FACTOR_METRICS) & set(report.systems["model"])
    assert report.controls.mix is None
    assert report.notes[0] == "none of the 2 test items is of b"
    assert report.notes[1].startswith(f"all test items are of one source, {tested[0].source}:")
    json.dumps(report.to_dict(), allow_nan=False)


def test_image_sizes_must_agree(model, folder):
    with pytest.raises(A2IError, match="model 32 px, large 64 px"):
        evaluate({"model": model, "large": make_model(image_size=64)}, folder)


def test_names_of_models(model, folder):
    with pytest.raises(ValueError, match="no model"):
        evaluate({}, folder)
    with pytest.raises(ValueError, match="another row has that name"):
        evaluate({"real": model}, folder)
    with pytest.raises(ValueError, match="another row has that name"):
        evaluate(model, folder, seeds={"audio_regressor": ["model"]})


@pytest.mark.parametrize("split", ["train", "test"])
def test_empty_split_is_named(model, folder, split):
    left = folder.without(pair.id for pair in folder.split(split))
    with pytest.raises(A2IError, match=f"no source falls into the {split} split; use more"):
        evaluate(model, left)


def test_class_without_training_sources_is_named(model, folder):
    gone = (pair.id for pair in folder.split("train") if pair.label == "meadow")
    with pytest.raises(A2IError, match="no source of meadow falls into the train split"):
        evaluate(model, folder.without(gone))


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
