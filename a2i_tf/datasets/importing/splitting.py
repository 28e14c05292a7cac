"""Which sources of an import train, validate and test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from a2i_tf.datasets.importing.material import Linked
from a2i_tf.datasets.pairs import Pair, Split, split_of
from a2i_tf.datasets.quantity import quantity
from a2i_tf.datasets.stratify import stratified_splits


def choose_splits(sources: Mapping[str, str]) -> dict[str, Split]:
    """Deals sources to splits by the hash of their names, or class by class.

    Args:
        sources: Label by name of source.

    Returns:
        The split by name of source: that of `split_of` where it puts sources of every class into
        every split that `stratified_splits` would, otherwise that of `stratified_splits`.
    """
    stratified = stratified_splits(sources)
    hashed = {source: split_of(source) for source in sources}
    wanted = {(label, stratified[source]) for source, label in sources.items()}
    found = {(label, hashed[source]) for source, label in sources.items()}
    return hashed if wanted <= found else stratified


def link_with_splits(pairs: Sequence[Pair]) -> Linked:
    """Puts pairs into splits so that no source, sound or picture is in two.

    Sources that share a sound or a picture stay together, directly or by way of others.
    """
    groups = _groups(pairs)
    labels: dict[str, Counter[str]] = {}
    for pair in pairs:
        labels.setdefault(groups[pair.source], Counter())[pair.label] += 1
    splits = choose_splits({name: found.most_common(1)[0][0] for name, found in labels.items()})
    members = Counter(groups.values())
    sharing = sum(count for count in members.values() if count > 1)
    notes = [
        f"{quantity(sharing, 'source')} share sounds or pictures; those that share are in one split"
    ]
    return Linked(
        [replace(pair, split=splits[groups[pair.source]]) for pair in pairs],
        notes=notes if sharing else (),
    )


def _groups(pairs: Sequence[Pair]) -> dict[str, str]:
    """Returns the group of every source, called as its first source by name."""
    # Half a second, that worker processes and `--dry-run` don't need.
    from scipy.cluster.hierarchy import DisjointSet

    connected = DisjointSet()
    for pair in pairs:
        source = ("source", pair.source)
        for node in (source, ("sound", pair.sound), ("image", pair.image)):
            connected.add(node)
            connected.merge(source, node)
    groups: dict[str, str] = {}
    for subset in connected.subsets():
        sources = sorted(name for kind, name in subset if kind == "source")
        groups.update(dict.fromkeys(sources, sources[0]))
    return groups
