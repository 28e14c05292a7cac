"""`a2i fetch kaggle` with archives, folders and disks that are no good."""

import os
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from kaggle_fixture import kept, only_error, read_table, write_table, zip_members
from PIL import Image

from a2i_tf.datasets.kaggle import assemble


def test_a_table_far_too_large_is_refused(fetch_kaggle, monkeypatch):
    monkeypatch.setattr(assemble, "_MOST_TABLE_BYTES", 10_000)
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "MB, far more than the set's" in only_error(err)


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
def test_archives_not_to_be_trusted_are_refused(
    kaggle_server, fetch_kaggle, kaggle_members, tmp_path, evil, message
):
    kaggle_server.archive = zip_members({**kaggle_members, **evil})
    code, _, err = fetch_kaggle()
    assert code == 1
    assert message in only_error(err)
    assert "archive.zip: is not to be trusted" in err
    assert kept(tmp_path) == []
    assert not list(tmp_path.rglob("evil*"))


def test_an_archive_of_far_too_much_is_refused(fetch_kaggle, tmp_path, monkeypatch):
    monkeypatch.setattr("a2i_tf.datasets.kaggle.archive._MOST_BYTES", 100_000)
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "would unpack to 136 files" in only_error(err)
    assert kept(tmp_path) == []


def test_a_truncated_archive_is_removed(kaggle_server, fetch_kaggle, kaggle_archive, tmp_path):
    kaggle_server.archive = kaggle_archive[:-1_000]
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "archive.zip: is not a whole zip file" in only_error(err)
    assert "run the command again to download it anew" in err
    assert kept(tmp_path) == []
    kaggle_server.archive = kaggle_archive
    assert fetch_kaggle()[0] == 0


def test_a_wrong_checksum_is_noticed(kaggle_server, fetch_kaggle, tmp_path):
    kaggle_server.headers["X-Goog-Hash"] = "crc32c=AAAAAA==,md5=1B2M2Y8AsgTpgAmY7PhCfg=="
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "came damaged, its MD5 isn't the one that Kaggle gives" in only_error(err)
    assert kept(tmp_path) == []


def test_without_a_checksum_those_inside_the_archive_count(
    kaggle_server, fetch_kaggle, kaggle_archive, tmp_path
):
    kaggle_server.headers["X-Goog-Hash"] = None
    middle = kaggle_archive.index(b"images/forest/forest2.png") + 200
    kaggle_server.archive = kaggle_archive[:middle] + b"damage" + kaggle_archive[middle + 6 :]
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "archive.zip: is damaged" in only_error(err)
    assert kept(tmp_path) == []
    kaggle_server.archive = kaggle_archive
    assert fetch_kaggle()[0] == 0


def test_a_small_disk_is_noticed_before_the_download(kaggle_server, fetch_kaggle, tmp_path):
    kaggle_server.headers["Content-Length"] = str(10**15)
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "kaggle: needs 2000000000 MB and the disk has" in only_error(err)
    assert kaggle_server.ranges == []
    assert kept(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_disk_that_fills_up_meanwhile(fetch_kaggle, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip.part").symlink_to("/dev/full")
    code, _, err = fetch_kaggle()
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
def test_what_the_set_should_not_hold_is_named(
    kaggle_server, fetch_kaggle, kaggle_members, tmp_path, spoil, message
):
    kaggle_server.archive = zip_members(spoil(kaggle_members))
    code, _, err = fetch_kaggle()
    assert code == 1
    assert message in only_error(err)
    assert "remove it to download it anew" in err
    assert kept(tmp_path) == [".kaggle-download"]


def test_pictures_are_whole_and_of_the_size_of_the_set(
    kaggle_server, fetch_kaggle, kaggle_members, tmp_path
):
    half = kaggle_members[PICTURE][: len(kaggle_members[PICTURE]) // 2]
    kaggle_server.archive = zip_members({**kaggle_members, PICTURE: half})
    assert f"{PICTURE} is not a whole PNG file" in only_error(fetch_kaggle()[2])
    small = tmp_path / "small.png"
    Image.new("RGB", (64, 48)).save(small)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip").unlink()
    kaggle_server.archive = zip_members({**kaggle_members, PICTURE: small.read_bytes()})
    assert f"{PICTURE} is 64 x 48 pixels, not 256 x 256" in only_error(fetch_kaggle()[2])
    assert kept(tmp_path) == [".kaggle-download"]


def test_something_else_in_the_way_is_left_alone(kaggle_server, fetch_kaggle, tmp_path):
    (tmp_path / "data" / "kaggle").mkdir(parents=True)
    (tmp_path / "data" / "kaggle" / "thesis.txt").write_text("three years of work")
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "is in the way and no dataset" in only_error(err)
    assert kaggle_server.log == []
    assert (tmp_path / "data" / "kaggle" / "thesis.txt").exists()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_to(fetch_kaggle, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "permission denied" in only_error(err)
