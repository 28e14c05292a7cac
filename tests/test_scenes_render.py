import json
import shutil
import wave
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.pairs import split_of
from a2i_tf.datasets.scenes import render
from a2i_tf.datasets.scenes.render import is_rendered, render_scenes
from a2i_tf.datasets.scenes.world import CLASSES, FACTORS, World
from a2i_tf.errors import A2IError


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return render_scenes(tmp_path_factory.mktemp("data") / "scenes", num_sources=2, seed=3)


def contents(root: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(root)): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def test_folder_is_whole_and_without_leftovers(folder):
    assert folder.info.num_sources == 2
    assert folder.info.num_pairs == len(folder.pairs) == 48
    assert folder.info.label_counts == {"beach": 24, "city": 24}
    assert find_bad_pairs(folder) == []
    assert sorted(path.name for path in folder.root.iterdir()) == [
        "audio",
        "dataset.json",
        "images",
        "pairs.csv",
    ]
    with wave.open(str(folder.root / folder.pairs[0].sound)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.getnframes() == 24 * 16_000
    with Image.open(folder.root / folder.pairs[0].image) as image:
        assert image.size == (128, 128)


def test_factors_are_those_of_the_middle_of_the_second(folder):
    for pair in (folder.pairs[0], folder.pairs[30]):
        world = World(int(pair.source.rsplit("-")[-1]), seed=3)
        expected = world.factors_at(pair.start_seconds + 0.5)
        assert set(pair.factors) == set(world.factor_names)
        for name, value in pair.factors.items():
            assert value == pytest.approx(getattr(expected, name), abs=1e-6)


def test_same_seed_gives_the_same_bytes_interrupted_or_not(folder, tmp_path):
    root = tmp_path / "scenes"

    def interrupt(*_):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        render_scenes(root, num_sources=2, seed=3, on_source=interrupt)
    assert not (root / "dataset.json").exists()
    # What a killed process leaves: a half-made folder and file under temporary names.
    (root / "images" / ".beach-0000.x").mkdir(parents=True, exist_ok=True)
    (root / "audio" / ".beach-0000.wav.y").write_bytes(b"half")
    assert render_scenes(root, num_sources=2, seed=3).info == folder.info
    assert contents(root) == contents(folder.root)


def test_done_twice_is_done_once(folder):
    before = {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")}
    assert is_rendered(folder.root, 2, 3)
    assert render_scenes(folder.root, num_sources=2, seed=3) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.root.rglob("*")} == before


def test_what_was_removed_is_rendered_again(folder, tmp_path):
    root = tmp_path / "scenes"
    shutil.copytree(folder.root, root)
    shutil.rmtree(root / "images" / folder.pairs[0].source)
    assert not is_rendered(root, 2, 3)
    assert render_scenes(root, num_sources=2, seed=3).info == folder.info
    assert contents(root) == contents(folder.root)


def test_another_seed_is_refused(folder):
    with pytest.raises(A2IError, match="holds another dataset.*--data-dir"):
        render_scenes(folder.root, num_sources=2, seed=4)


def test_unfinished_rendering_with_other_options_is_refused(tmp_path):
    (tmp_path / ".rendering.json").write_text(json.dumps({"renderer": 1, "seed": 9}))
    with pytest.raises(A2IError, match="unfinished rendering"):
        render_scenes(tmp_path, num_sources=1, seed=0)


def test_two_at_once_keep_apart(tmp_path):
    def render_another(_done, _in_all):
        with pytest.raises(A2IError, match="is being rendered by another process"):
            render_scenes(tmp_path / "scenes", num_sources=1)

    render_scenes(tmp_path / "scenes", num_sources=1, on_source=render_another)
    assert [path.name for path in tmp_path.iterdir()] == ["scenes"]


def test_small_disk_is_noticed_before_work_begins(tmp_path, monkeypatch):
    monkeypatch.setattr(render, "_BYTES_PER_SOURCE", 10**18)
    with pytest.raises(A2IError, match="free some space, or ask for fewer --sources"):
        render_scenes(tmp_path / "scenes", num_sources=1)


def test_factors_drift_smoothly_and_cover_their_range():
    times = np.linspace(0, 24, 24 * 50)
    values = {name: [] for name in FACTORS}
    for index in range(90):
        world = World(index, seed=0)
        for name in world.factor_names:
            curve = world.factor_curve(name, times)
            assert np.abs(np.diff(curve)).max() < 0.005
            values[name].extend(curve)
    for name, curve in values.items():
        assert 0 <= min(curve) <= 0.02, name
        assert 0.98 <= max(curve) <= 1, name


def test_demo_clips_are_of_every_class_and_never_heard_in_training():
    script = (Path(__file__).parents[1] / "examples" / "demo.sh").read_text()
    sources = script.split('sources="')[1].split('"')[0].split()
    assert {source.rsplit("-", 1)[0] for source in sources} == set(CLASSES)
    assert all(split_of(source) == "test" for source in sources)
    assert {World(int(source[-4:]), seed=0).name for source in sources} == set(sources)
