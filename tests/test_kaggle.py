"""`a2i fetch kaggle` against a server that answers as Kaggle does: the way, and all mishaps."""

import fcntl
import json
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from collections import Counter
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime
from pathlib import Path

import numpy as np
import pytest
from kaggle_fixture import (
    CLASS2,
    KEY,
    SECONDS,
    TOKEN,
    USERNAME,
    Answer,
    class_sound,
    make_members,
    read_table,
    serving_kaggle,
    write_table,
    zip_members,
)
from PIL import Image
from sound_files import write_wav

from a2i_tf.audio.decode import load_waveform
from a2i_tf.audio.mfcc import mfcc
from a2i_tf.audio.settings import MFCC_SETTINGS
from a2i_tf.datasets.check import find_bad_pairs
from a2i_tf.datasets.kaggle import assemble, download
from a2i_tf.datasets.kaggle.credentials import find_credentials
from a2i_tf.datasets.pairs import SPLITS, read_pairs
from a2i_tf.datasets.pipeline import load_arrays

SCENE104 = MFCC_SETTINGS["scene104"]
CREDENTIALS = ("KAGGLE_API_TOKEN", "KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_CONFIG_DIR")


@pytest.fixture(scope="session")
def members():
    return make_members()


@pytest.fixture(scope="session")
def archive(members):
    return zip_members(members)


@pytest.fixture
def home(tmp_path, monkeypatch):
    """An empty home, without credentials."""
    home = tmp_path / "home"
    home.mkdir()
    for name in (*CREDENTIALS, "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(home))
    return home


@pytest.fixture
def server(archive, home, monkeypatch):
    """A server that this process' Kaggle client talks to, with the credentials of a user."""
    (home / ".kaggle").mkdir()
    monkeypatch.setattr(download, "_FIRST_WAIT_SECONDS", 0.001)
    monkeypatch.setenv("KAGGLE_USERNAME", USERNAME)
    monkeypatch.setenv("KAGGLE_KEY", KEY)
    with serving_kaggle(archive) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        from kaggle.api.kaggle_api_extended import KaggleApi

        # Read once, when it was imported: the real Kaggle must never be asked.
        assert KaggleApi.args == ["--local"]
        yield server


@pytest.fixture
def fetch(server, a2i, tmp_path):
    """Runs `a2i fetch kaggle`, which asks the server: (exit code, stdout, stderr)."""
    command = ("fetch", "kaggle", "--data-dir", tmp_path / "data")
    assert server.archive
    return lambda *options: a2i(*command, *options)


def kept(tmp_path):
    """Names of all that lies in the data folder."""
    return sorted(path.name for path in (tmp_path / "data").iterdir())


def only_error(err):
    """Returns the one line that is an error; it must be the last."""
    errors = [line for line in err.splitlines() if line.startswith("error: ")]
    assert errors == err.splitlines()[-1:], err
    return errors[0]


def contents(root):
    return {
        str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()
    }


# The way there.


def test_from_fetch_to_a_picture_of_a_clip(fetch, a2i, tmp_path, monkeypatch):
    code, out, err = fetch("--json")
    assert code == 0, err
    info = json.loads(out)
    assert info["path"] == str(tmp_path / "data" / "kaggle")
    assert info["label_counts"] == dict.fromkeys((name.lower() for name in CLASS2), 3 * SECONDS)
    assert (info["num_pairs"], info["num_sources"]) == (27 * SECONDS, 27)
    assert (info["mfcc_setting"], info["image_size"]) == ("scene104", 256)
    assert info["licence"].startswith("CC BY-SA 4.0;")
    assert info["made_with"]["kaggle_version"] == 3
    assert "isn't the one published in 2020: rows of beach 15 instead of 2080" in err
    assert kept(tmp_path) == ["kaggle"]
    monkeypatch.chdir(tmp_path)
    code, out, err = a2i(
        "train", "--preset", "tiny", "--image-size", 32, "--steps", 4, "--run-dir", "run", "--json"
    )
    assert code == 0, err
    clip = write_wav(tmp_path / "clip.wav", np.tile(class_sound(4, 0), 2) / 32_767)
    code, out, err = a2i("generate", clip, "--model", "run", "--out", "out")
    assert code == 0, err
    with Image.open(tmp_path / "out" / "clip-seed0.png") as picture:
        assert picture.size == (32, 32)


def test_folder_holds_the_bytes_and_the_values_of_the_set(fetch, members, tmp_path):
    assert fetch()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    assert find_bad_pairs(folder) == []
    for pair in folder.pairs:
        assert (folder.root / pair.image).read_bytes() == members[pair.image]
        assert Path(pair.image).parent.name == pair.source
    table = {row[0]: row for row in read_table(members["dataset.csv"])[1:]}
    arrays = load_arrays(folder, folder.pairs, SCENE104, 32)
    for pair, features in zip(folder.pairs, arrays.mfcc, strict=True):
        values = np.array(table[pair.image][1:105], dtype=np.float32)
        np.testing.assert_array_equal(features.ravel(), values)
        assert pair.label == table[pair.image][106].lower()


def test_every_class_is_in_every_split_and_no_source_in_two(fetch, tmp_path):
    assert fetch()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    sources = {split: {pair.source for pair in folder.split(split)} for split in SPLITS}
    assert sum(map(len, sources.values())) == len(set.union(*sources.values())) == 27
    for split in SPLITS:
        assert {pair.label for pair in folder.split(split)} == set(folder.labels)
    assert "split" in (folder.root / "pairs.csv").read_text().splitlines()[0].split(",")


def test_a_clip_is_heard_as_the_row_of_the_same_second(fetch, tmp_path):
    """Through files and decoders: what `generate` hears is what training saw."""
    assert fetch()[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    row = next(pair for pair in folder.pairs if pair.image == "images/beach/beach3.png")
    seen = np.load(folder.root / row.sound)[round(row.start_seconds)]
    clip = write_wav(tmp_path / "clip.wav", class_sound(0, 3) / 32_767)
    heard = mfcc(load_waveform(clip, 16_000)[None], SCENE104)[0]
    np.testing.assert_allclose(heard, seen, atol=1e-3, rtol=0)


def test_sample_is_evenly_spaced_and_done_twice_is_done_once(server, fetch, tmp_path):
    assert fetch("--sample", 2)[0] == 0
    folder = read_pairs(tmp_path / "data" / "kaggle")
    assert set(Counter(pair.source for pair in folder.pairs).values()) == {2}
    images = [pair.image for pair in folder.pairs if pair.source == "store4"]
    assert images == ["images/store4/store4-0.png", "images/store4/store4-2.png"]
    assert len(list(folder.root.glob("images/*/*.png"))) == len(folder.pairs)
    before = contents(folder.root)
    server.log.clear()
    code, _, err = fetch("--sample", 2)
    assert code == 0
    assert "is there already" in err
    code, _, err = fetch("--sample", 3)
    assert code == 1
    assert "holds another dataset: its sample is 2, not 3; remove it" in only_error(err)
    assert "--data-dir" in only_error(err)
    assert contents(folder.root) == before
    assert server.log == []


# Interruptions.


def test_broken_connections_are_resumed(server, fetch, tmp_path):
    server.storage_answers = [Answer(num_bytes=70_000), Answer(num_bytes=70_000)]
    code, _, err = fetch()
    assert code == 0, err
    assert err.count("connection broke: trying again") == 2
    # What comes is written in blocks of 64 KiB.
    assert server.ranges == ["bytes=0-", "bytes=65536-", "bytes=131072-"]
    assert kept(tmp_path) == ["kaggle"]


def test_what_came_is_kept_for_the_next_time(server, fetch, tmp_path):
    server.storage_answers = [Answer(num_bytes=70_000), *[Answer()] * (download._TRIES - 1)]
    code, _, err = fetch()
    assert code == 1
    assert f"MB are kept in {tmp_path}/data/.kaggle-download" in only_error(err)
    assert kept(tmp_path) == [".kaggle-download"]
    server.log.clear()
    assert fetch()[0] == 0
    assert server.ranges == ["bytes=65536-"]
    assert kept(tmp_path) == ["kaggle"]


def test_another_archive_is_begun_anew(server, fetch, members):
    server.storage_answers = [Answer(num_bytes=70_000), Answer(404)]
    assert fetch()[0] == 1
    server.archive = zip_members({**members, "notes.txt": b"version 4"})
    server.log.clear()
    assert fetch()[0] == 0
    assert server.ranges == ["bytes=0-"]


def test_a_whole_download_is_not_fetched_again(server, fetch, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip").write_bytes(server.archive)
    remote = {"size": 1, "etag": None, "md5": None, "licence": "CC0", "version": 9}
    (tmp_path / "data" / ".kaggle-download" / "archive.json").write_text(json.dumps(remote))
    assert fetch()[0] == 0
    assert server.log == []
    assert read_pairs(tmp_path / "data" / "kaggle").info.made_with["kaggle_version"] == 9


def test_two_at_once_do_not_write_into_one_file(fetch, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    with (tmp_path / "data" / ".kaggle-download" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, err = fetch()
    assert code == 1
    assert "another a2i is downloading into it" in only_error(err)


def test_what_another_process_has_just_finished_is_left_alone(server, fetch, tmp_path, monkeypatch):
    assert fetch("--json")[0] == 0
    before = contents(tmp_path / "data" / "kaggle")
    server.log.clear()
    with monkeypatch.context() as patched:
        # The other one finishes between the first look and the lock.
        patched.setattr(assemble, "is_fetched", iter_answers(False, assemble.is_fetched))
        code, _, err = fetch("--json")
    assert code == 0, err
    assert contents(tmp_path / "data" / "kaggle") == before
    assert server.log == []
    assert kept(tmp_path) == ["kaggle"]


def iter_answers(first, later):
    """Returns a function that answers `first`, then as `later` does."""
    calls = []
    return lambda *arguments: later(*arguments) if calls else calls.append(1) or first


def test_a_table_far_too_large_is_refused(fetch, monkeypatch):
    monkeypatch.setattr(assemble, "_MOST_TABLE_BYTES", 10_000)
    code, _, err = fetch()
    assert code == 1
    assert "MB, far more than the set's" in only_error(err)


def in_seconds(seconds):
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "message"),
    [("0", "in 0 s"), (in_seconds(-60), "in 0 s"), (None, "in 0 s"), ("soon", "in 0 s")],
    # Every worker of the suite must collect the same names: none may hold the time of day.
    ids=["seconds", "date", "absent", "unreadable"],
)
def test_a_pause_that_kaggle_asks_for_is_made(server, fetch, retry_after, message):
    headers = {"Retry-After": retry_after} if retry_after else {}
    server.api_answers = [Answer(429, headers)]
    server.storage_answers = [Answer(429, headers), Answer(503, headers)]
    code, _, err = fetch()
    assert code == 0, err
    assert err.count(f"Kaggle asks for a pause (429): trying again {message}") == 2
    assert "Kaggle fails (503)" in err


# Refusals.


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(401), "doesn't accept the credentials (401)"),
        (Answer(403), "refuses the download (403); open https://www.kaggle.com/datasets/birdy654"),
        (Answer(404), "has no dataset birdy654/scene-classification-images-and-audio any more"),
        (Answer(418), "refuses (418)"),
        (Answer(429, {"Retry-After": "7200"}), "asks for a pause (429) of 120 minutes"),
        (Answer(429, {"Retry-After": in_seconds(100_000)}), "asks for a pause (429) of 166"),
    ],
)
@pytest.mark.parametrize("where", ["api_answers", "storage_answers"])
def test_refusals_are_one_line_and_leave_nothing(server, fetch, tmp_path, where, answer, message):
    setattr(server, where, [answer])
    code, out, err = fetch("--json")
    assert (code, out) == (1, "")
    assert message in only_error(err)
    assert "secret" not in err
    assert kept(tmp_path) == []


def test_a_page_in_between_is_no_answer(server, fetch, tmp_path):
    server.api_answers = [Answer(200, {"Content-Type": "text/html"})]
    server.headers["Content-Length"] = "many"
    code, _, err = fetch()
    assert code == 1
    assert "Kaggle's answer isn't of its API" in only_error(err)
    assert kept(tmp_path) == []


def test_wrong_key_is_refused(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("KAGGLE_KEY", "wrong")
    code, _, err = fetch()
    assert code == 1
    assert "doesn't accept the credentials (401)" in only_error(err)
    monkeypatch.setenv("KAGGLE_API_TOKEN", "expired")
    monkeypatch.delenv("KAGGLE_KEY")
    code, _, err = fetch()
    assert code == 1
    assert "doesn't accept the credentials in KAGGLE_API_TOKEN" in only_error(err)
    assert kept(tmp_path) == []


def test_nobody_there_is_said_after_some_tries(fetch, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    code, _, err = fetch()
    assert code == 1
    assert f"can't be reached, or the connection broke, {download._TRIES} times" in only_error(err)
    assert kept(tmp_path) == []


# Credentials.


@pytest.fixture
def nobody(server, monkeypatch):
    """A server, and no credentials."""
    for name in ("KAGGLE_USERNAME", "KAGGLE_KEY"):
        monkeypatch.delenv(name)
    assert find_credentials() is None
    return server


def authorizations(server):
    return {how.split()[0] for path, _, how in server.log if path.endswith("Dataset") and how}


def test_a_token_comes_from_the_environment_or_a_file(nobody, fetch, home, tmp_path, monkeypatch):
    (home / ".kaggle" / "access_token").write_text(f"{TOKEN}\n")
    assert find_credentials() == str(home / ".kaggle" / "access_token")
    assert fetch("--sample", 1)[0] == 0
    monkeypatch.setenv("KAGGLE_API_TOKEN", TOKEN)
    assert find_credentials() == "KAGGLE_API_TOKEN"
    shutil.rmtree(tmp_path / "data")
    assert fetch("--sample", 1)[0] == 0
    assert authorizations(nobody) == {"Bearer"}


@pytest.mark.parametrize("folder", [".kaggle", "keys"])
def test_a_key_comes_from_kaggle_json(nobody, home, monkeypatch, folder):
    path = home / folder / "kaggle.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps({"username": USERNAME, "key": KEY}))
    if folder == "keys":
        monkeypatch.setenv("KAGGLE_CONFIG_DIR", str(path.parent))
    assert find_credentials() == str(path)
    # The client looks up where it is when it's imported.
    command = [sys.executable, "-m", "a2i_tf", "fetch", "kaggle", "--sample", "1"]
    done = subprocess.run(command, cwd=home, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert authorizations(nobody) == {"Basic"}
    assert read_pairs(home / "data" / "kaggle").info.num_pairs == 27


@pytest.mark.usefixtures("home")
def test_without_credentials_one_line_says_how_to_get_them(a2i, tmp_path):
    code, out, err = a2i("fetch", "kaggle", "--data-dir", tmp_path / "data")
    assert (code, out) == (1, "")
    assert "no Kaggle credentials found" in only_error(err)
    assert "https://www.kaggle.com/settings" in err
    assert "`a2i fetch scenes` needs none" in err
    assert not (tmp_path / "data").exists()


# Archives and disks that are no good.


def linked(name, target):
    member = zipfile.ZipInfo(name)
    member.external_attr = (stat.S_IFLNK | 0o777) << 16
    return {member: target.encode()}


@pytest.mark.parametrize(
    ("evil", "message"),
    [
        ({"../evil.png": b"x"}, "'../evil.png' leads out of its folder"),
        ({"images/../../evil.png": b"x"}, "leads out of its folder"),
        ({"..\\evil.png": b"x"}, "leads out of its folder"),
        ({"/tmp/evil.png": b"x"}, "is an absolute path"),
        ({"C:\\evil.png": b"x"}, "is an absolute path"),
        (linked("images/forest/evil.png", "/etc/passwd"), "is a link or a device"),
        ({"images/bomb.png": bytes(20_000_000)}, "would swell from"),
    ],
)
def test_archives_not_to_be_trusted_are_refused(server, fetch, members, tmp_path, evil, message):
    server.archive = zip_members({**members, **evil})
    code, _, err = fetch()
    assert code == 1
    assert message in only_error(err)
    assert "archive.zip: is not to be trusted" in err
    assert kept(tmp_path) == []
    assert not list(tmp_path.rglob("evil*"))


def test_an_archive_of_far_too_much_is_refused(fetch, tmp_path, monkeypatch):
    monkeypatch.setattr("a2i_tf.datasets.kaggle.archive._MOST_BYTES", 100_000)
    code, _, err = fetch()
    assert code == 1
    assert "would unpack to 136 files" in only_error(err)
    assert kept(tmp_path) == []


def test_a_truncated_archive_is_removed(server, fetch, archive, tmp_path):
    server.archive = archive[:-1_000]
    code, _, err = fetch()
    assert code == 1
    assert "archive.zip: is not a whole zip file" in only_error(err)
    assert "run the command again to download it anew" in err
    assert kept(tmp_path) == []
    server.archive = archive
    assert fetch()[0] == 0


def test_a_wrong_checksum_is_noticed(server, fetch, tmp_path):
    server.headers["X-Goog-Hash"] = "crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg=="
    code, _, err = fetch()
    assert code == 1
    assert "came damaged, its MD5 isn't the one that Kaggle gives" in only_error(err)
    assert kept(tmp_path) == []


def test_without_a_checksum_those_inside_the_archive_count(server, fetch, archive, tmp_path):
    server.headers["X-Goog-Hash"] = None
    middle = archive.index(b"images/forest/forest2.png") + 200
    server.archive = archive[:middle] + b"damage" + archive[middle + 6 :]
    code, _, err = fetch()
    assert code == 1
    assert "archive.zip: is damaged" in only_error(err)
    assert kept(tmp_path) == []
    server.archive = archive
    assert fetch()[0] == 0


def test_a_small_disk_is_noticed_before_the_download(server, fetch, tmp_path):
    server.headers["Content-Length"] = str(10**15)
    code, _, err = fetch()
    assert code == 1
    assert "kaggle: needs 2000000000 MB and the disk has" in only_error(err)
    assert server.ranges == []
    assert kept(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_meanwhile(fetch, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip.part").symlink_to("/dev/full")
    code, _, err = fetch()
    assert code == 1
    assert "archive.zip.part: cannot be written: the disk is full" in only_error(err)
    assert kept(tmp_path) == []


def replaced(name, data):
    return lambda members: {**members, name: data}


def without(name):
    return lambda members: {key: data for key, data in members.items() if key != name}


def by_coefficient(members):
    """The same values in another order, as somebody might have written them."""
    table = read_table(members["dataset.csv"])
    order = np.arange(104).reshape(8, 13).T.ravel()
    body = [[row[0], *(row[1 + place] for place in order), *row[105:]] for row in table[1:]]
    return {**members, "dataset.csv": write_table([table[0], *body])}


PICTURE = "images/city2/city2-3.png"


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (
            without("dataset.csv"),
            "archive.zip: has no dataset.csv; it isn't the set that this a2i knows",
        ),
        (without(PICTURE), f"has no {PICTURE}, which dataset.csv names"),
        (replaced(PICTURE, b"GIF89a"), f"{PICTURE} is not a whole PNG file"),
        (replaced("dataset.csv", b"\xff\xfe\x00"), "dataset.csv: cannot be read"),
        (by_coefficient, "dataset.csv: every 13th value has the median"),
    ],
)
def test_what_the_set_should_not_hold_is_named(server, fetch, members, tmp_path, spoil, message):
    server.archive = zip_members(spoil(members))
    code, _, err = fetch()
    assert code == 1
    assert message in only_error(err)
    assert "remove it to download it anew" in err
    assert kept(tmp_path) == [".kaggle-download"]


def test_pictures_are_whole_and_of_the_size_of_the_set(server, fetch, members, tmp_path):
    half = members[PICTURE][: len(members[PICTURE]) // 2]
    server.archive = zip_members({**members, PICTURE: half})
    assert f"{PICTURE} is not a whole PNG file" in only_error(fetch()[2])
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 48)).save(small)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip").unlink()
    server.archive = zip_members({**members, PICTURE: small.read_bytes()})
    assert f"{PICTURE} is 64 x 48 pixels, not 256 x 256" in only_error(fetch()[2])
    assert kept(tmp_path) == [".kaggle-download"]


def test_something_else_in_the_way_is_left_alone(server, fetch, tmp_path):
    (tmp_path / "data" / "kaggle").mkdir(parents=True)
    (tmp_path / "data" / "kaggle" / "thesis.txt").write_text("three years of work")
    code, _, err = fetch()
    assert code == 1
    assert "is in the way and no dataset" in only_error(err)
    assert server.log == []
    assert (tmp_path / "data" / "kaggle" / "thesis.txt").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(fetch, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    code, _, err = fetch()
    assert code == 1
    assert "permission denied" in only_error(err)
