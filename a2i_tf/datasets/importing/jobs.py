"""One file to import: a video, a sound or a picture, and the record of what came of it."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from a2i_tf.config import Config
from a2i_tf.datasets.importing.frames import frames_at, pixel_aspect
from a2i_tf.datasets.importing.leaving_out import Repetition, is_black, sounding_starts
from a2i_tf.datasets.importing.options import SAMPLE_RATE, ImportOptions
from a2i_tf.datasets.importing.output import save_picture, save_waveform, writing
from a2i_tf.datasets.importing.picture import fit_frame, read_picture
from a2i_tf.datasets.importing.soundtrack import Soundtrack, write_soundtrack

SILENT = "silent windows"
BLACK = "black pictures"
REPEATED = "near-duplicate frames"
NO_FRAME = "windows without a frame"

# Decoding sound takes about this share of a video's time.
_SOUND_SHARE = 0.1
_CUT_SHORT_SECONDS = 1.0


@dataclass(frozen=True)
class Record(Config):
    """What came of a file.

    Attributes:
        name: The job's name.
        fingerprint: What the file was; see `fingerprint`.
        starts: Where the windows that were kept begin, in seconds.
        images: Paths of pictures, relative to the dataset: of a video one a window, of a picture
            the one, of a sound none.
        left_out: Number of windows or pictures that were left out, by reason.
        note: What a person should know about the file.
    """

    name: str
    fingerprint: str
    starts: tuple[float, ...] = ()
    images: tuple[str, ...] = ()
    left_out: dict[str, int] = field(default_factory=dict)
    note: str | None = None


@dataclass(frozen=True)
class Job:
    """A file to import.

    Attributes:
        name: Unique among the jobs of its kind; names the files that it makes.
        path: The file.
    """

    name: str
    path: Path

    def run(
        self, folder: Path, options: ImportOptions, threads: int, on_share: Callable[[float], None]
    ) -> Record:
        """Writes the file's sound and pictures into a dataset's folder.

        Args:
            folder: The dataset's folder.
            options: How files become pairs.
            threads: Threads to decode with.
            on_share: Called with the share that is done as the work goes on, 0 to 1.

        Raises:
            A2IError: if the file can't be read.
            OutputError: if the dataset can't be written.
        """
        raise NotImplementedError


class VideoJob(Job):
    """A video: one pair every hop, the frame at the middle of the window."""

    def run(
        self, folder: Path, options: ImportOptions, threads: int, on_share: Callable[[float], None]
    ) -> Record:
        """See `Job.run`."""
        aspect = pixel_aspect(self.path)
        sound = folder / sound_name(self.name)
        track = self._write_sound(sound, options, on_share)
        starts = options.window_starts(track.seconds)
        sounding = sounding_starts(
            sound, starts, options.window_samples, skip_silent=options.skip_silent
        )
        left_out = Counter({SILENT: len(starts) - len(sounding)})
        middle = track.start_seconds + options.window_seconds / 2
        kept: dict[float, str] = {}
        repetition = Repetition()
        images = folder / "images" / self.name
        with writing(images):
            # A killed run may have left some.
            shutil.rmtree(images, ignore_errors=True)
        for place, frame in frames_at(self.path, [middle + start for start in sounding], threads):
            on_share(_SOUND_SHARE + (1 - _SOUND_SHARE) * place / len(sounding))
            left_out[NO_FRAME] -= 1
            picture = fit_frame(frame, options.frame_size, options.fit, aspect)
            if options.skip_silent and is_black(picture):
                left_out[BLACK] += 1
            elif options.skip_silent and repetition.repeats(picture):
                left_out[REPEATED] += 1
            else:
                name = f"{round(sounding[place] / options.hop_seconds):05d}.png"
                save_picture(picture, images / name)
                kept[sounding[place]] = f"images/{self.name}/{name}"
        left_out[NO_FRAME] += len(sounding)
        return Record(
            self.name,
            fingerprint(self.path),
            tuple(kept),
            tuple(kept.values()),
            dict(+left_out),
            _cut_short(track),
        )

    def _write_sound(
        self, target: Path, options: ImportOptions, on_share: Callable[[float], None]
    ) -> Soundtrack:
        on_share(0.0)
        return write_soundtrack(
            self.path,
            target,
            SAMPLE_RATE,
            options.window_seconds,
            lambda share: on_share(_SOUND_SHARE * share),
        )


@dataclass(frozen=True)
class SoundJob(Job):
    """A sound: windows at given places, or one every hop.

    Attributes:
        starts: The places in seconds.
        whole: Whether there is a window every hop besides.
    """

    starts: tuple[float, ...] = ()
    whole: bool = True

    def run(
        self, folder: Path, options: ImportOptions, threads: int, on_share: Callable[[float], None]
    ) -> Record:
        """See `Job.run`."""
        # It brings SciPy's filters, and a worker on videos starts in a fifth of the time without.
        from a2i_tf.audio.decode import load_waveform

        del threads
        on_share(0.0)
        waveform = load_waveform(self.path, SAMPLE_RATE, use_tensorflow=False)
        missing = options.window_samples - len(waveform)
        waveform = np.pad(waveform, (0, max(missing, 0)))
        sound = folder / sound_name(self.name)
        save_waveform(waveform, SAMPLE_RATE, sound)
        within = options.window_starts(len(waveform) / SAMPLE_RATE)
        last = (len(waveform) - options.window_samples) / SAMPLE_RATE
        wanted = sorted({*self.starts, *(within if self.whole else ())})
        inside = [start for start in wanted if start <= last + 0.5 / SAMPLE_RATE]
        kept = sounding_starts(
            sound, inside, options.window_samples, skip_silent=options.skip_silent
        )
        left_out = Counter({SILENT: len(inside) - len(kept)})
        outside = len(wanted) - len(inside)
        note = f"windows too near its end, left out: {outside}" if outside else None
        return Record(
            self.name, fingerprint(self.path), tuple(kept), left_out=dict(+left_out), note=note
        )


class PictureJob(Job):
    """A picture."""

    def run(
        self, folder: Path, options: ImportOptions, threads: int, on_share: Callable[[float], None]
    ) -> Record:
        """See `Job.run`."""
        del threads
        on_share(0.0)
        picture = read_picture(self.path, options.frame_size, options.fit)
        if options.skip_silent and is_black(picture):
            return Record(self.name, fingerprint(self.path), left_out={BLACK: 1})
        image = f"images/{self.name}.png"
        save_picture(picture, folder / image)
        return Record(self.name, fingerprint(self.path), images=(image,))


def sound_name(name: str) -> str:
    """Returns the path of a job's sound, relative to the dataset."""
    return f"audio/{name}.wav"


def fingerprint(path: Path) -> str:
    """Returns a hash of a file's size and time of change; missing files have one too."""
    try:
        status = path.stat()
        about = f"{status.st_size}|{status.st_mtime_ns}"
    except OSError:
        about = "missing"
    return hashlib.sha256(about.encode()).hexdigest()


def identity(job: Job, root: Path) -> str:
    """Returns what tells a job from others, however the path of `root` was typed."""
    return repr(replace(job, path=Path(os.path.relpath(job.path, root))))


def _cut_short(track: Soundtrack) -> str | None:
    declared = track.declared_seconds or 0.0
    if declared - track.seconds < _CUT_SHORT_SECONDS:
        return None
    return (
        f"is cut short: {track.seconds:.1f} of {declared:.1f} s can be read; what is there is taken"
    )
