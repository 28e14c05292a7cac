"""Everything that is wrong with a pairs folder, the heaviest first."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from PIL import Image

from a2i_tf.datasets.balance_check import check_balance
from a2i_tf.datasets.check import PICTURE_ERRORS, BadPair, find_bad_pairs
from a2i_tf.datasets.checksum import checksum_files
from a2i_tf.datasets.finding import Finding, by_weight, findings_of
from a2i_tf.datasets.manifest_check import check_manifest
from a2i_tf.datasets.near_duplicates import Look, NearDuplicate, find_near_duplicates, look_at
from a2i_tf.datasets.pairs import SPLITS, Pair, PairsFolder, summarize

_BAD_PAIR_KINDS = ("missing-file", "bad-picture", "bad-sound")


def inspect_folder(root: Path, on_step: Callable[[str, int, int], None]) -> list[Finding]:
    """Looks for everything of `KINDS` in a pairs folder.

    Args:
        root: The pairs folder.
        on_step: Called with (what is done, steps done, steps in all).

    Returns:
        What was found, one finding a kind, in the order of `KINDS`.

    Raises:
        A2IError: if there is no such folder.
    """
    folder, findings = check_manifest(root)
    if folder is None:
        return findings
    bad = find_bad_pairs(folder, on_file=lambda done, total: on_step("opening files", done, total))
    good = folder.without(item.pair.id for item in bad)
    looks = _look_at_all(good, on_step)
    on_step("comparing pictures and sounds", 0, 1)
    findings += [
        *_bad_pair_findings([*bad, *_undecodable(good, looks)]),
        *check_balance(folder),
        *_check_sounds(good),
        *_check_pictures(good, looks),
        *_check_counts(folder),
        *([] if bad else _check_checksum(folder)),
    ]
    on_step("comparing pictures and sounds", 1, 1)
    return by_weight(findings)


def _look_at_all(folder: PairsFolder, on_step: Callable[[str, int, int], None]) -> dict[str, Look]:
    names = sorted({pair.image for pair in folder.pairs})
    looks = {}
    with ThreadPoolExecutor() as pool:
        found = pool.map(lambda name: _look(folder.root / name), names)
        for done, (name, look) in enumerate(zip(names, found, strict=True), 1):
            if look:
                looks[name] = look
            on_step("looking at pictures", done, len(names))
    return looks


def _look(path: Path) -> Look | None:
    try:
        with Image.open(path) as image:
            return look_at(image)
    except PICTURE_ERRORS:
        # Its checksums are right, what they are of is not.
        return None


def _undecodable(folder: PairsFolder, looks: dict[str, Look]) -> list[BadPair]:
    return [
        BadPair(pair, f"{Path(pair.image).name} can't be decoded", "bad-picture")
        for pair in folder.pairs
        if pair.image not in looks
    ]


def _bad_pair_findings(bad: Iterable[BadPair]) -> list[Finding]:
    items = defaultdict(list)
    for item in bad:
        items[item.kind].append(f"{item.pair.id}: {item.reason}")
    return [finding for kind in _BAD_PAIR_KINDS for finding in findings_of(kind, items[kind])]


def _check_sounds(folder: PairsFolder) -> list[Finding]:
    """Finds the same sound, under one name or several, in more than one split."""
    places: dict[str, dict[str, str]] = defaultdict(dict)
    digests: dict[str, str] = {}
    for split in SPLITS:
        for name in sorted({pair.sound for pair in folder.split(split)}):
            if name not in digests:
                digests[name] = hashlib.sha256((folder.root / name).read_bytes()).hexdigest()
            places[digests[name]].setdefault(split, name)
    return findings_of(
        "shared-sound",
        (
            ", ".join(f"{name} ({split})" for split, name in found.items())
            for found in places.values()
            if len(found) > 1
        ),
    )


def _check_pictures(folder: PairsFolder, looks: dict[str, Look]) -> list[Finding]:
    wanted = (folder.info.image_size, folder.info.image_size)
    alike = find_near_duplicates(folder, looks)
    sure = [found for found in alike if found.is_sure]
    unsure = [found for found in alike if not found.is_sure]
    return [
        *findings_of("near-duplicate", map(_both, sure)),
        *findings_of("look-alike", map(_both, unsure)),
        *findings_of("blank-picture", (name for name, look in looks.items() if look.is_blank)),
        *findings_of(
            "picture-size",
            (
                f"{name}: {look.size[0]} x {look.size[1]}, not {wanted[0]} x {wanted[1]}"
                for name, look in looks.items()
                if look.size != wanted
            ),
        ),
    ]


def _both(found: NearDuplicate) -> str:
    return f"{_placed(found.held_out)} and {_placed(found.copy)}"


def _placed(pair: Pair) -> str:
    return f"{pair.image} ({pair.effective_split})"


def _check_counts(folder: PairsFolder) -> list[Finding]:
    counted = summarize(folder.pairs)
    told = {name: getattr(folder.info, name) for name in counted}
    counts, labels = counted.pop("label_counts"), told.pop("label_counts")
    return findings_of(
        "wrong-count",
        [
            *_differences(told, counted),
            *(f"label_counts: {item}" for item in _differences(labels, counts)),
        ],
    )


def _differences(told: dict[str, int], counted: dict[str, int]) -> Iterator[str]:
    for name in sorted({*told, *counted}):
        if told.get(name, 0) != counted.get(name, 0):
            yield f"{name} is {told.get(name, 0)}, pairs.csv has {counted.get(name, 0)}"


def _check_checksum(folder: PairsFolder) -> list[Finding]:
    found = checksum_files(folder.root, folder.pairs)
    if found == folder.info.checksum:
        return []
    return findings_of("wrong-checksum", [f"it is {found}, not {folder.info.checksum}"])
