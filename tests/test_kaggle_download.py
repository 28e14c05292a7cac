"""`a2i fetch kaggle` when connections break, or Kaggle asks for a pause or refuses."""

import fcntl
import json
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from kaggle_fixture import contents, kept, only_error, zip_members
from kaggle_server_fixture import Answer

from a2i_tf.datasets.kaggle import assemble, download
from a2i_tf.datasets.manifest import read_pairs


def test_broken_connections_are_resumed(kaggle_server, fetch_kaggle, tmp_path):
    kaggle_server.storage_answers = [Answer(num_bytes=70_000), Answer(num_bytes=70_000)]
    code, _, err = fetch_kaggle()
    assert code == 0, err
    assert err.count("connection broke: trying again") == 2
    # What comes is written in blocks of 64 KiB.
    assert kaggle_server.ranges == ["bytes=0-", "bytes=65536-", "bytes=131072-"]
    assert kept(tmp_path) == ["kaggle"]


def test_what_came_is_kept_for_the_next_time(kaggle_server, fetch_kaggle, tmp_path):
    kaggle_server.storage_answers = [Answer(num_bytes=70_000), *[Answer()] * (download._TRIES - 1)]
    code, _, err = fetch_kaggle()
    assert code == 1
    assert f"MB are kept in {tmp_path}/data/.kaggle-download" in only_error(err)
    assert kept(tmp_path) == [".kaggle-download"]
    kaggle_server.log.clear()
    assert fetch_kaggle()[0] == 0
    assert kaggle_server.ranges == ["bytes=65536-"]
    assert kept(tmp_path) == ["kaggle"]


def test_another_archive_is_begun_anew(kaggle_server, fetch_kaggle, kaggle_members):
    kaggle_server.storage_answers = [Answer(num_bytes=70_000), Answer(404)]
    assert fetch_kaggle()[0] == 1
    kaggle_server.archive = zip_members({**kaggle_members, "notes.txt": b"version 4"})
    kaggle_server.log.clear()
    assert fetch_kaggle()[0] == 0
    assert kaggle_server.ranges == ["bytes=0-"]


def test_a_whole_download_is_not_fetched_again(kaggle_server, fetch_kaggle, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    (tmp_path / "data" / ".kaggle-download" / "archive.zip").write_bytes(kaggle_server.archive)
    remote = {"size": 1, "etag": None, "md5": None, "licence": "CC0", "version": 9}
    (tmp_path / "data" / ".kaggle-download" / "archive.json").write_text(json.dumps(remote))
    assert fetch_kaggle()[0] == 0
    assert kaggle_server.log == []
    assert read_pairs(tmp_path / "data" / "kaggle").info.made_with["kaggle_version"] == 9


def test_two_at_once_do_not_write_into_one_file(fetch_kaggle, tmp_path):
    (tmp_path / "data" / ".kaggle-download").mkdir(parents=True)
    with (tmp_path / "data" / ".kaggle-download" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, _, err = fetch_kaggle()
    assert code == 1
    assert "another a2i is downloading into it" in only_error(err)


def test_what_another_process_has_just_finished_is_left_alone(
    kaggle_server, fetch_kaggle, tmp_path, monkeypatch
):
    assert fetch_kaggle("--json")[0] == 0
    before = contents(tmp_path / "data" / "kaggle")
    kaggle_server.log.clear()
    with monkeypatch.context() as patched:
        # The other one finishes between the first look and the lock.
        patched.setattr(assemble, "is_fetched", iter_answers(False, assemble.is_fetched))
        code, _, err = fetch_kaggle("--json")
    assert code == 0, err
    assert contents(tmp_path / "data" / "kaggle") == before
    assert kaggle_server.log == []
    assert kept(tmp_path) == ["kaggle"]


def iter_answers(first, later):
    """Returns a function that answers `first`, then as `later` does."""
    calls = []
    return lambda *arguments: later(*arguments) if calls else calls.append(1) or first


def in_seconds(seconds):
    return format_datetime(datetime.now(timezone.utc) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("retry_after", "message"),
    [("0", "in 0 s"), (in_seconds(-60), "in 0 s"), (None, "in 0 s"), ("soon", "in 0 s")],
    # Every worker of the suite must collect the same names: none may hold the time of day.
    ids=["seconds", "date", "absent", "unreadable"],
)
def test_a_pause_that_kaggle_asks_for_is_made(kaggle_server, fetch_kaggle, retry_after, message):
    headers = {"Retry-After": retry_after} if retry_after else {}
    kaggle_server.api_answers = [Answer(429, headers)]
    kaggle_server.storage_answers = [Answer(429, headers), Answer(503, headers)]
    code, _, err = fetch_kaggle()
    assert code == 0, err
    assert err.count(f"Kaggle asks for a pause (429): trying again {message}") == 2
    assert "Kaggle fails (503)" in err


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (Answer(401), "doesn't accept the credentials (401)"),
        (Answer(403), "refuses the download (403); open https://www.kaggle.com/datasets/birdy654"),
        (Answer(404), "has no dataset birdy654/scene-classification-images-and-audio any more"),
        (Answer(418), "refuses (418)"),
        (Answer(429, {"Retry-After": "7200"}), "asks for a pause (429) of 120 minutes"),
    ],
)
@pytest.mark.parametrize("where", ["api_answers", "storage_answers"])
def test_refusals_are_one_line_and_leave_nothing(
    kaggle_server, fetch_kaggle, tmp_path, where, answer, message
):
    setattr(kaggle_server, where, [answer])
    _check_refusal(fetch_kaggle, tmp_path, message)


@pytest.mark.parametrize("where", ["api_answers", "storage_answers"])
def test_a_long_pause_may_be_a_date(kaggle_server, fetch_kaggle, tmp_path, where):
    setattr(kaggle_server, where, [Answer(429, {"Retry-After": in_seconds(100_000)})])
    _check_refusal(fetch_kaggle, tmp_path, "asks for a pause (429) of 166")


def _check_refusal(fetch_kaggle, tmp_path, message):
    code, out, err = fetch_kaggle("--json")
    assert (code, out) == (1, "")
    assert message in only_error(err)
    assert "secret" not in err
    assert kept(tmp_path) == []


def test_a_page_in_between_is_no_answer(kaggle_server, fetch_kaggle, tmp_path):
    kaggle_server.api_answers = [Answer(200, {"Content-Type": "text/html"})]
    kaggle_server.headers["Content-Length"] = "many"
    code, _, err = fetch_kaggle()
    assert code == 1
    assert "Kaggle's answer isn't of its API" in only_error(err)
    assert kept(tmp_path) == []


def test_nobody_there_is_said_after_some_tries(fetch_kaggle, tmp_path, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    code, _, err = fetch_kaggle()
    assert code == 1
    assert f"can't be reached, or the connection broke, {download._TRIES} times" in only_error(err)
    assert kept(tmp_path) == []
