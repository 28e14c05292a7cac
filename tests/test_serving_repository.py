"""Versions that come, go, are bad or half copied, with real SavedModels on disk."""

import asyncio
import contextlib
import gc
import os
import shutil
import weakref

import grpc
import numpy as np
import pytest
from small_savedmodel import write_multiplier

from a2i_tf.errors import A2IError
from a2i_tf.export.warmup import WARMUP_FILE
from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.model_version import ModelTarget
from a2i_tf.serving.repository import ModelRepository
from a2i_tf.serving.servable import load_servable
from a2i_tf.serving.version_folders import find_version_folders

M = ModelTarget("m")


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    return write_multiplier(tmp_path_factory.mktemp("made") / "good")


@pytest.fixture
def base(tmp_path, good):
    shutil.copytree(good, tmp_path / "m" / "1")
    return tmp_path / "m"


class Opened:
    """A repository in an event loop, and what it announced."""

    def __init__(self, base, labels=(), announce=None):
        self.said = []
        self.metrics = Metrics()
        folders = find_version_folders(base)
        self.repository = ModelRepository(
            "m", folders, dict(labels), self.metrics, announce or self.said.append
        )

    def states(self):
        return {s.version: s.state for s in self.repository.status(M)}

    def newest(self):
        with self.repository.lease(M) as servable:
            return servable.version

    def refusal(self, target):
        with pytest.raises(ServingError) as refused, self.repository.lease(target):
            pass
        return refused.value.code, refused.value.message

    async def look(self, times=2):
        """Looks as often as a folder needs to be seen unchanged."""
        for _ in range(times):
            await self.repository.refresh()


def with_repository(base, use, **options):
    async def run():
        opened = Opened(base, **options)
        await opened.repository.refresh(settled=True)
        with contextlib.closing(opened.repository):
            await use(opened)

    asyncio.run(run())


def damage(folder):
    weights = next(folder.glob("variables/*.data*"))
    weights.write_bytes(b"")


def test_the_newest_answers_and_older_ones_are_not_loaded(base, good):
    shutil.copytree(good, base / "10")
    shutil.copytree(good, base / "9")
    for name in ("011", "12x", "-13", ".14.tmp", "notes", "99999999999999999999"):
        shutil.copytree(good, base / name)
    (base / "15").write_text("a file")

    async def use(opened):
        assert opened.states() == {10: "AVAILABLE"}
        assert opened.newest() == 10

    with_repository(base, use)


def test_a_new_version_takes_over_and_the_old_one_leaves_with_its_last_request(base, good):
    async def use(opened):
        with opened.repository.lease(M) as servable:
            shutil.copytree(good, base / "2")
            await opened.look()
            assert opened.newest() == 2
            assert opened.states() == {2: "AVAILABLE", 1: "UNLOADING"}
            outputs = servable.run("serving_default", {"x": np.ones([1, 2], np.float32)})
            assert outputs["y"].tolist() == [[1, 1]]
        assert opened.states() == {2: "AVAILABLE", 1: "END"}
        loaded = opened.metrics.registry.get_sample_value
        assert loaded("a2i_version_loaded", {"model": "m", "version": "1"}) == 0
        assert loaded("a2i_version_loaded", {"model": "m", "version": "2"}) == 1

    with_repository(base, use)


def test_removing_the_newest_rolls_back(base, good):
    shutil.copytree(good, base / "2")

    async def use(opened):
        assert opened.newest() == 2
        with opened.repository.lease(M):
            shutil.rmtree(base / "2")
            await opened.look()
            assert opened.newest() == 1
            assert opened.states() == {2: "UNLOADING", 1: "AVAILABLE"}
            # Put back while its last request still runs, it needn't be loaded again.
            shutil.copytree(good, base / "2")
            await opened.look()
            assert opened.states() == {2: "AVAILABLE", 1: "END"}
        assert opened.newest() == 2

    with_repository(base, use)


def test_what_serves_is_no_work_for_the_garbage_collector_and_what_left_is_freed(base, good):
    async def use(opened):
        with opened.repository.lease(M) as servable:
            assert not any(candidate is servable for candidate in gc.get_objects())
            function = weakref.ref(servable._loaded.signatures["serving_default"])
        del servable
        shutil.copytree(good, base / "2")
        await opened.look(3)
        assert opened.states() == {2: "AVAILABLE", 1: "END"}
        assert function() is None

    with_repository(base, use)


def test_watching_survives_what_nobody_expected(base, good, caplog):
    told = []

    def announce(line):
        told.append(line)
        if len(told) == 2:
            raise RuntimeError("something else")

    async def use(opened):
        watching = asyncio.create_task(opened.repository.watch())
        shutil.copytree(good, base / "2")
        while not any(line.startswith("unloaded version 1") for line in told):
            await asyncio.sleep(0.05)
            assert not watching.done()
        watching.cancel()
        assert opened.states() == {2: "AVAILABLE", 1: "END"}

    with_repository(base, use, announce=announce)
    assert "something else" in caplog.text


def test_nothing_is_unloaded_when_the_base_path_is_gone(base):
    async def use(opened):
        base.rename(base.with_name("away"))
        await opened.look()
        assert opened.newest() == 1

    with_repository(base, use)


def test_a_bad_version_is_refused_and_tried_again_when_its_files_change(base, good):
    async def use(opened):
        shutil.copytree(good, base / "2")
        damage(base / "2")
        await opened.look(4)
        newest, old = opened.repository.status(M)
        assert (newest.version, newest.state) == (2, "END")
        assert newest.error_code == "FAILED_PRECONDITION"
        assert newest.error_message
        assert str(base) not in newest.error_message
        assert (old.version, old.state) == (1, "AVAILABLE")
        assert opened.newest() == 1
        assert len([line for line in opened.said if line.startswith("refused version 2")]) == 1
        shutil.copytree(good, base / "2", dirs_exist_ok=True)
        await opened.look()
        assert opened.states() == {2: "AVAILABLE", 1: "END"}

    with_repository(base, use)


def test_a_folder_that_is_still_being_copied_is_left_alone(base, good):
    async def use(opened):
        (base / "2").mkdir()
        for path in sorted(good.rglob("*")):
            target = base / "2" / path.relative_to(good)
            shutil.copyfile(path, target) if path.is_file() else target.mkdir()
            await opened.repository.refresh()
            assert opened.states() == {2: "START", 1: "AVAILABLE"}
        await opened.repository.refresh()
        assert opened.newest() == 2
        assert not any(line.startswith("refused") for line in opened.said)

    with_repository(base, use)


def test_a_folder_that_leaves_before_it_is_loaded_is_forgotten(base):
    async def use(opened):
        (base / "2").mkdir()
        await opened.repository.refresh()
        assert opened.states() == {2: "START", 1: "AVAILABLE"}
        (base / "2").rmdir()
        await opened.repository.refresh()
        assert opened.states() == {1: "AVAILABLE"}

    with_repository(base, use)


def test_labels_keep_versions_loaded(base, good):
    for version in ("2", "3"):
        shutil.copytree(good, base / version)

    async def use(opened):
        assert opened.states() == {3: "AVAILABLE", 1: "AVAILABLE"}
        assert opened.newest() == 3
        with opened.repository.lease(ModelTarget("m", label="stable")) as servable:
            assert servable.version == 1
        shutil.copytree(good, base / "4")
        await opened.look()
        assert opened.states() == {4: "AVAILABLE", 3: "END", 1: "AVAILABLE"}

    with_repository(base, use, labels={"stable": 1})


def test_what_is_not_served_is_said_in_tf_servings_words(base):
    async def use(opened):
        not_found, invalid = grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT
        for target, expected in (
            (ModelTarget("x"), (not_found, "Servable not found for request: Latest(x)")),
            (ModelTarget("m", 7), (not_found, "Servable not found for request: Specific(m, 7)")),
            (
                ModelTarget("m", label="x"),
                (invalid, "Unrecognized servable version label: x"),
            ),
        ):
            assert opened.refusal(target) == expected
        for target, message in (
            (ModelTarget("x"), "Could not find any versions of model x"),
            (ModelTarget("m", 7), "Could not find version 7 of model m"),
        ):
            with pytest.raises(ServingError, match=message):
                opened.repository.status(target)

    with_repository(base, use)


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "saved_model.pb").unlink(), "saved_model.pb is missing"),
        (lambda folder: os.truncate(folder / "saved_model.pb", 5_000), "damaged or not all there"),
        (lambda folder: (folder / "saved_model.pb").write_bytes(b""), "no graph is tagged serve"),
        (lambda folder: shutil.rmtree(folder / "variables"), ""),
        (damage, ""),
    ],
)
def test_what_cannot_be_loaded_is_told_without_a_path(base, spoil, reason):
    spoil(base / "1")
    with pytest.raises(ServingError) as refused:
        load_servable(1, base / "1")
    assert refused.value.code == grpc.StatusCode.FAILED_PRECONDITION
    assert reason in refused.value.message
    assert "/" not in refused.value.message.replace("and/or", "")
    assert "\n" not in refused.value.message


def test_a_version_that_refuses_its_own_warm_up_is_bad(base):
    (base / "1" / WARMUP_FILE).parent.mkdir()
    (base / "1" / WARMUP_FILE).write_bytes(b"these are no records")
    with pytest.raises(ServingError):
        load_servable(1, base / "1")


def test_what_is_no_export_is_refused(tmp_path, base, good):
    run = tmp_path / "runs" / "0001-x"
    (run / "model").mkdir(parents=True)
    (run / "config.json").write_text("{}")
    (tmp_path / "empty").mkdir()
    for path, words in (
        (run, f"a2i export --run {run}"),
        (tmp_path / "empty", "holds no version folder"),
        (tmp_path / "nothing", "no such folder"),
        (base / "1" / "saved_model.pb", "no such folder"),
    ):
        with pytest.raises(A2IError, match=words):
            find_version_folders(path)
    assert find_version_folders(base).find() == {1: base / "1"}
    assert find_version_folders(base / "1").find() == {1: base / "1"}
    assert find_version_folders(good).find() == {1: good}
