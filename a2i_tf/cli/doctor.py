"""`a2i doctor`: what this machine has, and whether it works."""

from __future__ import annotations

import platform
import shutil
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from a2i_tf.cli.console import messages, print_json, working
from a2i_tf.version import __version__

_PACKAGES = ("tensorflow", "keras", "tensorflow-io", "ai-edge-litert", "av", "numpy", "scipy")
_MIN_FREE_BYTES = 2e9


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    details: str


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check this machine: versions, decoding, devices, disk, credentials.

    Exits with 1 if something that a2i needs doesn't work.

    [bold]Examples[/]

    a2i doctor

    a2i doctor --json
    """
    with working("looking around"):
        findings = [_find_versions(), _find_packages(), _find_decoders(), _find_devices()]
        findings += [_find_disk(), _find_credentials()]
    healthy = all(finding.ok for finding in findings)
    if as_json:
        print_json({"healthy": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            mark = "[green]ok[/]     " if finding.ok else "[red]problem[/]"
            messages().print(f"{mark} {finding.name:12} {escape(finding.details)}")
    if not healthy:
        raise typer.Exit(1)


def _find_versions() -> Finding:
    return Finding(
        "a2i", True, f"{__version__}, Python {platform.python_version()}, {platform.platform()}"
    )


def _find_packages() -> Finding:
    versions, missing = [], []
    for package in _PACKAGES:
        try:
            versions.append(f"{package} {metadata.version(package)}")
        except metadata.PackageNotFoundError:
            # tensorflow-io has no wheels for some machines; PyAV decodes there.
            if package != "tensorflow-io":
                missing.append(package)
    if missing:
        return Finding("packages", False, f"missing: {', '.join(missing)}; run `make install`")
    return Finding("packages", True, ", ".join(versions))


def _find_decoders() -> Finding:
    try:
        from a2i_tf.audio.tfio_decoder import tfio_works
    except ImportError as error:
        return Finding("decoding", False, f"cannot be tried: {error}; run `make install`")
    if tfio_works():
        return Finding("decoding", True, "tensorflow-io decodes; PyAV takes what it can't")
    return Finding("decoding", True, "tensorflow-io's operations don't run here; PyAV takes all")


def _find_devices() -> Finding:
    import os

    try:
        import tensorflow as tf
    except ImportError as error:
        return Finding("devices", False, f"cannot be listed: {error}; run `make install`")
    gpus = tf.config.list_physical_devices("GPU")
    return Finding("devices", True, f"{os.cpu_count()} CPU cores, {len(gpus)} GPUs")


def _find_disk() -> Finding:
    free = shutil.disk_usage(Path.cwd()).free
    return Finding("disk", free >= _MIN_FREE_BYTES, f"{free / 1e9:.1f} GB free in {Path.cwd()}")


def _find_credentials() -> Finding:
    from a2i_tf.datasets.kaggle.credentials import find_credentials

    found = find_credentials()
    return Finding("Kaggle", True, f"credentials: {found or 'not found (scenes needs none)'}")
