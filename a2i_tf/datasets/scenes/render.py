"""Renders the built-in data into a pairs folder: in parallel, resumable, never half-made."""

from __future__ import annotations

import multiprocessing
import shutil
import signal
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from a2i_tf.atomic import make_folder, new_folder, write_bytes, write_json
from a2i_tf.audio.wav_file import wav_bytes
from a2i_tf.config import read_json
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.destination import check_disk, check_not_in_the_way, is_made
from a2i_tf.datasets.lock import locked
from a2i_tf.datasets.manifest import INFO_FILE, read_pairs, write_pairs
from a2i_tf.datasets.pairs import DatasetInfo, Pair, PairsFolder, summarize
from a2i_tf.datasets.scenes.pictures.frame import draw_picture
from a2i_tf.datasets.scenes.sounds.soundtrack import render_sound
from a2i_tf.datasets.scenes.world import IMAGE_SIZE, SAMPLE_RATE, SECONDS, World
from a2i_tf.errors import A2IError

NAME = "scenes"

# Raised whenever the same seed would give other pixels or samples.
_RENDERER_VERSION = 2
_PLAN_FILE = ".rendering.json"
_BYTES_PER_SOURCE = 1_600_000


def render_scenes(
    root: Path,
    num_sources: int,
    seed: int = 0,
    on_source: Callable[[int, int], None] | None = None,
) -> PairsFolder:
    """Renders the built-in world, or what is still missing of it.

    Args:
        root: The pairs folder.
        num_sources: Number of worlds; each gives 24 pairs.
        seed: Seed of all worlds.
        on_source: Called with (sources ready, sources in all) as the work goes on.

    Returns:
        The finished dataset. Where it is there already, nothing is done.

    Raises:
        A2IError: if the folder holds another rendering, another process is at it, or the disk is
            full.
    """
    if is_rendered(root, num_sources, seed):
        return read_pairs(root)
    lock = root.with_name(f".{root.name}.lock")
    message = f"{root}: is being rendered by another process; wait for it, or change --data-dir"
    with locked(lock, message):
        try:
            _render_missing(root, num_sources, seed, on_source)
        finally:
            lock.unlink(missing_ok=True)
    return read_pairs(root)


def _render_missing(
    root: Path, num_sources: int, seed: int, on_source: Callable[[int, int], None] | None
) -> None:
    plan = {"renderer": _RENDERER_VERSION, "seed": seed}
    _claim(root, plan)
    worlds = [World(index, seed) for index in range(num_sources)]
    missing = [world for world in worlds if not _is_whole(root, world)]
    check_disk(root, len(missing) * _BYTES_PER_SOURCE, "ask for fewer --sources")
    _render_worlds(root, missing, num_sources, on_source)
    pairs = [pair for world in worlds for pair in _pairs_of(world)]
    info = DatasetInfo(
        name=NAME,
        licence="CC0-1.0",
        window_seconds=1.0,
        sample_rate=SAMPLE_RATE,
        image_size=IMAGE_SIZE,
        made_with={**plan, "sources": num_sources, "command": "a2i fetch scenes"},
        checksum=checksum_files(root, pairs),
        **summarize(pairs),
    )
    write_pairs(root, info, pairs)
    (root / _PLAN_FILE).unlink(missing_ok=True)


def is_rendered(root: Path, num_sources: int, seed: int) -> bool:
    """Tells whether `root` holds just this rendering, whole.

    Raises:
        A2IError: if it holds another one.
    """
    if not is_made(root, {"renderer": _RENDERER_VERSION, "seed": seed}):
        return False
    made_with = read_json(root / INFO_FILE)["made_with"]
    worlds = (World(index, seed) for index in range(num_sources))
    return made_with.get("sources") == num_sources and all(_is_whole(root, w) for w in worlds)


def _claim(root: Path, plan: dict[str, Any]) -> None:
    """Marks the folder as being rendered by `plan`, or refuses one that is marked otherwise."""
    marker = root / _PLAN_FILE
    if not marker.exists():
        check_not_in_the_way(root)
    elif read_json(marker) != plan:
        raise A2IError(
            f"{root}: holds an unfinished rendering with {read_json(marker)}; finish it with the "
            "same options, or remove the folder"
        )
    make_folder(root)
    write_json(marker, plan)
    for leftover in (*root.glob("images/.*"), *root.glob("audio/.*")):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink()


def _render_worlds(
    root: Path,
    worlds: list[World],
    num_sources: int,
    on_source: Callable[[int, int], None] | None,
) -> None:
    ready = num_sources - len(worlds)
    # A forked child would inherit TensorFlow's threads in a broken state.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(mp_context=context, initializer=_leave_ctrl_c_to_parent)
    try:
        jobs = [pool.submit(_render_world, root, world) for world in worlds]
        for done, job in enumerate(jobs, 1):
            job.result()
            if on_source:
                on_source(ready + done, num_sources)
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_ctrl_c_to_parent() -> None:
    # A terminal's Ctrl-C reaches every process; each worker would print a traceback.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _render_world(root: Path, world: World) -> None:
    write_bytes(root / _audio_name(world), wav_bytes(render_sound(world), SAMPLE_RATE))
    with new_folder(root / "images" / world.name) as folder:
        for second in range(SECONDS):
            picture = Image.fromarray(draw_picture(world, second + 0.5))
            picture.save(folder / f"{second:02d}.png", compress_level=1)


def _pairs_of(world: World) -> list[Pair]:
    """Returns a world's pairs; a factor's value is the one at the middle of the second."""
    times = np.arange(SECONDS) + 0.5
    curves = {name: world.factor_curve(name, times) for name in world.factor_names}
    return [
        Pair(
            id=f"{world.name}-{second:02d}",
            source=world.name,
            label=world.label,
            start_seconds=float(second),
            sound=_audio_name(world),
            image=f"images/{world.name}/{second:02d}.png",
            factors={name: float(curve[second]) for name, curve in curves.items()},
        )
        for second in range(SECONDS)
    ]


def _audio_name(world: World) -> str:
    return f"audio/{world.name}.wav"


def _is_whole(root: Path, world: World) -> bool:
    # Both are renamed into place only when complete.
    return (root / _audio_name(world)).exists() and (root / "images" / world.name).is_dir()
