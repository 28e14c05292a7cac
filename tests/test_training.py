import dataclasses
import errno
import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf
from pairs_fixture import make_pairs_folder
from run_eagerly import run_eagerly

from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.checksum import hash_splits
from a2i_tf.datasets.pipeline import load_arrays
from a2i_tf.errors import A2IError
from a2i_tf.evaluation.runs import find_unfinished
from a2i_tf.models.drawing import read_drawing_model
from a2i_tf.models.presets import PRESETS
from a2i_tf.training import keeper
from a2i_tf.training.budget import adversarial_progress
from a2i_tf.training.run import RunConfig, latest_run, next_run_folder, read_run, start_run
from a2i_tf.training.strategy import make_strategy
from a2i_tf.training.trainer import train

PRESET = PRESETS["tiny"]
NETWORKS = ("encoder", "generator")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    root = tmp_path_factory.mktemp("data") / "pairs"
    return make_pairs_folder(root, labels=("a", "b"), sources_per_class=6, pairs_per_source=3)


def make_config(folder, **changes):
    values = {
        "preset": PRESET,
        "mfcc": MFCC_SETTINGS[PRESET.mfcc_setting],
        "image_size": 32,
        "data": str(folder.root),
        "dataset": folder.info.name,
        "checksum": folder.info.checksum,
        "labels": folder.labels,
        "seed": 0,
        "minutes": None,
        "steps": 60,
        "strategy": "auto",
        "skip_bad": False,
        "a2i_version": "0",
        "splits": hash_splits(folder.pairs),
    }
    return RunConfig(**{**values, **changes})


@pytest.fixture(scope="module")
def twins(tmp_path_factory, folder):
    """Two runs of one configuration, their results and what was told; the first writes records."""
    shutil.rmtree(folder.root / ".records", ignore_errors=True)
    root, config, results, stages = tmp_path_factory.mktemp("runs"), make_config(folder), [], []
    names = ("0001-fixture-tiny", "0002-fixture-tiny")
    for name in names:
        start_run(root / name, config)
        stages.append([])
        results.append(train(root / name, config, on_stage=stages[-1].append))
    return [root / name for name in names], results, stages


@pytest.fixture(scope="module")
def finished_run(twins):
    (_, run), (_, result), _ = twins
    return run, result


@pytest.fixture(scope="module")
def resumed_run(tmp_path_factory, finished_run, folder):
    """The finished run, killed in the middle of a line and without a model, that went on."""
    run = tmp_path_factory.mktemp("resumed") / "run"
    shutil.copytree(finished_run[0], run)
    shutil.rmtree(run / "model")
    with (run / "history.jsonl").open("a") as file:
        file.write('{"step": 80, "los')
    train(run, make_config(folder, steps=80))
    return run


def draw(run):
    model = read_drawing_model(run / "model")
    rng = np.random.default_rng(0)
    mfcc = rng.standard_normal((3, *model.config.mfcc.shape), dtype=np.float32)
    return model.draw(mfcc, rng.standard_normal((3, model.config.noise_dim), dtype=np.float32))


def read_weights(run):
    networks = [keras.saving.load_model(run / "model" / f"{name}.keras") for name in NETWORKS]
    return np.concatenate([np.ravel(w) for network in networks for w in network.get_weights()])


def moved(run, before):
    """The mean change of the weights that draw, as a share of their mean size."""
    return np.mean(np.abs(read_weights(run) - before)) / np.mean(np.abs(before))


def test_the_flows_take_a_fifth_of_the_budget_and_six_minutes_at_most(folder):
    default = PRESETS["default"]
    shares = [
        make_config(folder, preset=default, **budget).flow_share
        for budget in ({"steps": None, "minutes": 5}, {"steps": None, "minutes": 60}, {"steps": 9})
    ]
    assert shares == pytest.approx([0.2, 0.1, 0.2])


@pytest.mark.parametrize(("used", "progress"), [(27, 0.5), (48, 48 / 54), (54, 1.0), (60, 1.0)])
def test_the_adversarial_training_has_what_the_flows_leave(folder, used, progress):
    config = make_config(folder, preset=PRESETS["default"], steps=None, minutes=60)
    assert adversarial_progress(config, 0, 60.0 * used) == pytest.approx(progress)


def test_run_folder_holds_all_that_is_promised(finished_run, folder):
    run, result = finished_run
    assert result.finished
    assert result.steps == 60
    assert read_run(run) == make_config(folder)
    lines = [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == [20, 40, 60]
    # The rest of the budget is the flows'.
    assert lines[-1]["progress"] == pytest.approx(1 - make_config(folder).flow_share)
    assert lines[-1]["reconstruction"] < lines[0]["reconstruction"]
    assert {path.name for path in (run / "samples").iterdir()} == {
        "step-000050.png",
        "step-000060.png",
    }
    assert list((run / "events").glob("events.out.tfevents.*"))
    model = read_drawing_model(run / "model")
    assert model.config.steps == 60
    assert model.config.labels == ("a", "b")
    assert not [path for path in run.iterdir() if path.name.startswith(".")]


def test_events_can_be_read_by_tensorboard(finished_run):
    run, _ = finished_run
    (path,) = (run / "events").iterdir()
    tags = {
        value.tag
        for event in tf.compat.v1.train.summary_iterator(str(path))
        for value in event.summary.value
    }
    assert {"loss/reconstruction", "loss/discriminator", "images_per_second"} <= tags


@run_eagerly()
def test_resumed_run_has_the_weights_it_stopped_with(finished_run, folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished_run[0], run)
    before, pictures = read_weights(run), draw(run)
    config = make_config(folder, steps=61)
    result = train(run, config)
    assert result.steps == 61
    # A step of all networks and one of the flows alone; a fresh start would change all weights.
    assert 0 < moved(run, before) < 0.02
    assert np.any(draw(run) != pictures)
    steps = [json.loads(line)["step"] for line in (run / "history.jsonl").read_text().splitlines()]
    # Whatever it is, the last step has a line.
    assert steps == [20, 40, 60, 61]


def test_killed_in_the_middle_of_a_line_goes_on(resumed_run):
    history = (resumed_run / "history.jsonl").read_text()
    assert [json.loads(line)["step"] for line in history.splitlines()] == [20, 40, 60, 80]
    assert read_drawing_model(resumed_run / "model").config.steps == 80


@run_eagerly()
def test_ctrl_c_leaves_a_checkpoint_and_a_model(folder, tmp_path):
    run, config = tmp_path / "run", make_config(folder, steps=100)
    start_run(run, config)

    def interrupt(status):
        if status.step == 7:
            raise KeyboardInterrupt

    result = train(run, config, interrupt)
    assert not result.finished
    assert result.steps == 7
    assert read_drawing_model(run / "model").config.steps == 7
    assert (run / "checkpoints" / "ckpt-7.index").exists()


def test_ctrl_c_while_the_flows_learn_alone_goes_on_there(finished_run, folder, tmp_path):
    run, config = tmp_path / "run", make_config(folder, steps=100)
    shutil.copytree(finished_run[0], run)
    seen = []

    def interrupt(status):
        seen.append(status)
        if "flow" in status.losses and status.progress > 0.9:
            raise KeyboardInterrupt

    assert not train(run, config, interrupt).finished
    assert seen[-1].step == 100
    before, pictures = read_weights(run), draw(run)
    alone = [status for status in seen if set(status.losses) == {"flow"}]
    seen.clear()
    with run_eagerly():
        result = train(run, config, seen.append)
    assert (result.finished, result.steps) == (True, 100)
    assert {status.step for status in seen} == {100}
    # A fifth of 100 steps in all; the run that was copied had taken a fifth of 60.
    assert len(alone) + len(seen) == 20 - 12
    assert 0 < len(seen) <= 4
    assert 0 < moved(run, before) < 0.02
    assert np.any(draw(run) != pictures)


@run_eagerly()
def test_no_checkpoint_is_ahead_of_its_model(finished_run, folder, tmp_path, monkeypatch):
    run = tmp_path / "run"
    shutil.copytree(finished_run[0], run)
    before = {path.name for path in (run / "checkpoints").iterdir()}

    def fill_the_disk(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(keeper, "write_drawing_model", fill_the_disk)
    with pytest.raises(A2IError, match="the disk is full"):
        train(run, make_config(folder, steps=61))
    # Else, the run would be finished when it goes on, and have no model of that.
    assert {path.name for path in (run / "checkpoints").iterdir()} == before
    assert read_drawing_model(run / "model").config.steps == 60


def test_same_seed_same_pictures(twins):
    first, second = (draw(run).astype(int) for run in twins[0])
    np.testing.assert_allclose(first, second, atol=1)


@run_eagerly()
def test_minutes_are_kept(folder, tmp_path):
    run, config = tmp_path / "run", make_config(folder, steps=None, minutes=0.05)
    start_run(run, config)
    result = train(run, config)
    assert result.finished
    assert result.steps >= 1
    assert result.elapsed_seconds >= 3.0
    assert not find_unfinished({"short": run}, {"short": config}, {"short": result.steps})


def test_started_run_is_not_overwritten(finished_run, folder):
    with pytest.raises(A2IError, match="is there already; go on with --resume"):
        start_run(finished_run[0], make_config(folder))


def test_run_from_another_version(finished_run, tmp_path):
    config = json.loads((finished_run[0] / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps({**config, "format": 99}))
    with pytest.raises(A2IError, match="another version of a2i"):
        read_run(tmp_path)


def test_numbers_go_on_and_the_latest_is_found(finished_run, folder):
    run, _ = finished_run
    assert next_run_folder(run.parent, make_config(folder)).name == "0003-fixture-tiny"
    assert next_run_folder(run.parent / "none", make_config(folder)).name == "0001-fixture-tiny"
    assert latest_run(run.parent) == run
    with pytest.raises(A2IError, match="holds no trained model"):
        latest_run(run)


def test_changed_dataset_is_noticed(folder, tmp_path):
    config = make_config(folder, checksum="0" * 64)
    with pytest.raises(A2IError, match="has changed since the run began"):
        train(tmp_path, config)


def test_changed_splits_are_noticed(folder, tmp_path):
    config = make_config(folder, splits=hash_splits(folder.split("train")))
    with pytest.raises(A2IError, match=f"the splits have changed since {tmp_path} was trained"):
        train(tmp_path, config)


def test_fewer_pairs_than_a_batch(folder, tmp_path):
    config = make_config(
        folder, preset=dataclasses.replace(PRESET, batch_size=1000, lesson_batch_size=1000)
    )
    with pytest.raises(A2IError, match="fewer than one batch of 1000"):
        train(tmp_path, config)


def test_second_run_writes_no_records(twins):
    _, _, (first, second) = twins
    assert "writing records" in first
    warming_up = ["learning to sketch", "aligning sound and sight"]
    training = ["training", "learning what sounds leave open", "saving"]
    assert second == ["building the networks", *warming_up, *training]


def test_statistics_of_the_training_split_go_into_the_model(finished_run, folder):
    known = load_arrays(folder, folder.split("train"), MFCC_SETTINGS["scene104"], 32).mfcc
    config = read_drawing_model(finished_run[0] / "model").config
    np.testing.assert_allclose(config.mfcc_mean, known.mean(axis=(0, 1)), rtol=1e-4)
    np.testing.assert_allclose(config.mfcc_deviation, known.std(axis=(0, 1)), rtol=1e-3)


def test_records_that_vanish_while_training_are_one_line(finished_run, folder, tmp_path):
    run, records = tmp_path / "run", tmp_path / "records"
    shutil.copytree(finished_run[0], run)

    def remove(status):
        if status.step == 61:
            shutil.rmtree(records)

    with pytest.raises(A2IError, match="records were removed or damaged while training"):
        train(run, make_config(folder, steps=2000, records=str(records)), remove)


def test_bad_sample_is_found_though_records_are_whole(finished_run, folder, tmp_path):
    run, root = tmp_path / "run", tmp_path / "pairs"
    shutil.copytree(finished_run[0], run)
    shutil.copytree(folder.root, root)
    for pair in folder.split("validation"):
        (root / pair.image).unlink()
    stages = []
    with pytest.raises(A2IError, match="pairs are bad"):
        train(run, make_config(folder, data=str(root), steps=61), on_stage=stages.append)
    assert "writing records" not in stages


@pytest.mark.parametrize("value", ["", "{", "[]", '{"cluster": {}}'])
def test_multiworker_without_a_cluster(monkeypatch, value):
    monkeypatch.setenv("TF_CONFIG", value)
    with pytest.raises(A2IError, match="needs TF_CONFIG"):
        make_strategy("multiworker")


def test_several_workers_do_not_go_by_the_clock(monkeypatch):
    cluster = {"worker": ["a:2222", "b:2222"]}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": {"type": "worker", "index": 0}})
    )
    with pytest.raises(A2IError, match="give --steps instead of --minutes"):
        make_strategy("multiworker", by_the_clock=True)


def test_auto_takes_one_device_on_a_cpu():
    strategy = make_strategy("auto")
    assert strategy is tf.distribute.get_strategy()
    assert strategy.num_replicas_in_sync == 1


def test_finished_run_stays_as_it_is(finished_run, folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished_run[0], run)
    before = (run / "model" / "encoder.keras").read_bytes()
    result = train(run, make_config(folder))
    assert result.finished
    assert result.steps == 60
    assert (run / "model" / "encoder.keras").read_bytes() == before


@run_eagerly()
def test_damaged_checkpoint_gives_way_to_the_one_before(resumed_run, folder, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(resumed_run, run)
    (run / "checkpoints" / "ckpt-96.index").write_bytes(b"damaged")
    steps = []
    train(run, make_config(folder, steps=62), lambda status: steps.append(status.step))
    assert list(dict.fromkeys(steps)) == [61, 62]
    for path in (run / "checkpoints").glob("ckpt-*.index"):
        path.write_bytes(b"damaged")
    with pytest.raises(A2IError, match="none of its checkpoints can be read"):
        train(run, make_config(folder, steps=80))


def test_damaged_model_is_one_line(finished_run, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(finished_run[0], run)
    path = run / "model" / "encoder.keras"
    contents = bytearray(path.read_bytes())
    # Not to zeros: much of a small file is empty.
    contents[len(contents) // 2] ^= 0xFF
    path.write_bytes(contents)
    with pytest.raises(A2IError, match=r"the model cannot be read \(.* is damaged\)"):
        read_drawing_model(run / "model")


def test_mirrored_strategy_trains_a_whole_run_and_goes_on(folder, tmp_path):
    run, config = tmp_path / "run", make_config(folder, strategy="mirrored", steps=3)
    start_run(run, config)
    assert train(run, config).steps == 3
    with run_eagerly():
        assert train(run, make_config(folder, strategy="mirrored", steps=4)).steps == 4
