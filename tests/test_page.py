"""The page, in a real Chromium, against the real server."""

import base64
import io
import json
import re
import urllib.request
import wave
from pathlib import Path

import numpy as np
import pytest
from browser import Visit, needs_chromium, running_browser, write_clip
from model_fixture import make_clip
from sound_files import encode

pytestmark = needs_chromium

SEEDS = range(4)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    """Files by what they hold."""
    folder = tmp_path_factory.mktemp("clips")
    (folder / "letter.mp3").write_text("Dear Sir or Madam,\n" * 100)
    (folder / "nothing.wav").touch()
    return {
        "short": write_clip(folder / "my clip.wav", make_clip(1.4)),
        "long": write_clip(folder / "long.wav", make_clip(5.3, seed=1)),
        "very long": write_clip(folder / "lecture.wav", make_clip(90.0, seed=3)),
        "silent": write_clip(folder / "silent.wav", np.zeros(16_000, np.float32)),
        "heard": write_clip(folder / "heard.wav", make_clip(10.0, seed=2)),
        "opus": encode(folder / "voice.ogg", "libopus", make_clip(2.0, 4, 48_000), 48_000),
        "letter": folder / "letter.mp3",
        "empty": folder / "nothing.wav",
    }


@pytest.fixture(scope="module")
def browser(clips):
    with running_browser(clips["heard"]) as browser:
        yield browser
        browser.close()


@pytest.fixture
def visit(browser, server):
    """Opens the page; in the end, nothing may have gone wrong or come from elsewhere."""
    visits = []

    def open_page(**options):
        visits.append(Visit(browser, server.rest_url, **options))
        return visits[-1]

    yield open_page
    for one in visits:
        outside = [url for url in one.requests if not url.startswith((server.rest_url, "data:"))]
        assert [url for url in outside if not url.startswith(f"blob:{server.rest_url}")] == []
        assert one.errors == []
        one.context.close()


def ask_api(server, path, body):
    request = urllib.request.Request(server.rest_url + path, body)
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def drawn_by_api(server, wav, seed):
    row = {"audio_bytes": {"b64": base64.b64encode(wav).decode()}, "seed": seed}
    body = json.dumps({"signature_name": "serving_seeds", "instances": [row]}).encode()
    answer = json.loads(ask_api(server, "/v1/models/a2i:predict", body))
    return base64.b64decode(answer["predictions"][0]["b64"])


def wav_file(samples):
    """Returns 16-bit samples with a header."""
    contents = io.BytesIO()
    with wave.open(contents, "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(samples)
    return contents.getvalue()


def shown(image):
    """Returns the PNG file that an <img> shows."""
    return base64.b64decode(image.get_attribute("src").partition(",")[2])


def test_a_file_is_drawn_four_times_as_the_api_draws_it(visit, server, clips):
    person = visit()
    person.choose(clips["opus"])
    person.wait_until_done()
    wav = ask_api(server, "/decode", clips["opus"].read_bytes())
    expected = [drawn_by_api(server, wav, seed) for seed in SEEDS]
    assert len(set(expected)) == 4
    tiles = person.page.locator("#seeds img")
    assert [shown(tile) for tile in tiles.all()] == expected
    for seed in SEEDS:
        person.page.get_by_label(f"Seed {seed}").check()
        picture = person.page.get_by_alt_text(f"Picture drawn from voice.ogg, seed {seed}")
        assert shown(picture) == expected[seed]
    assert not person.page.locator("#moments").is_visible()
    assert person.page.locator("#model").inner_text() == "Model a2i, version 1"


def test_waveform_and_mfcc_are_drawn_and_told(visit, clips):
    person = visit()
    person.choose(clips["short"])
    person.wait_until_done()
    waveform = person.page.get_by_role("img", name="Waveform: 1.4 seconds")
    mfcc = person.page.get_by_role("img", name=re.compile("^MFCC.* 2 of 2 seconds"))
    count_colours = """canvas => {
        const { width, height } = canvas;
        const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
        return new Set(new Uint32Array(data.buffer)).size;
    }"""
    assert waveform.evaluate(count_colours) >= 2
    assert mfcc.evaluate(count_colours) > 20


def test_the_picture_is_downloaded_with_a_sensible_name(visit, clips):
    person = visit()
    person.choose(clips["short"])
    person.wait_until_done()
    person.page.get_by_label("Seed 2").check()
    with person.page.expect_download() as started:
        person.page.get_by_role("link", name="Download PNG").click()
    assert started.value.suggested_filename == "my-clip-seed2.png"
    contents = Path(started.value.path()).read_bytes()
    assert contents == shown(person.page.locator("#picture"))


def test_a_long_clip_gets_a_picture_a_second(visit, server, clips):
    person = visit()
    person.choose(clips["long"])
    person.wait_until_done()
    moments = person.page.locator("#moments")
    texts = ["Whole", "0:00", "0:01", "0:02", "0:03", "0:04", "0:05"]
    assert moments.locator(".text").all_inner_texts() == texts
    wav = ask_api(server, "/decode", clips["long"].read_bytes())
    for label, start in (("0:02", 32_000), ("0:05", 68_800)):
        moments.get_by_label(label).check()
        second = wav_file(wav[44 + 2 * start : 44 + 2 * start + 32_000])
        assert shown(person.page.locator("#picture")) == drawn_by_api(server, second, 0)
    assert person.page.locator("#download").get_attribute("download") == "long-5s-seed0.png"
    person.page.get_by_label("Seed 3").check()
    person.page.get_by_alt_text("long.wav at 0:05, seed 3").wait_for()
    person.wait_until_done()
    moments.get_by_label("Whole").check()
    person.page.locator("#player").evaluate("player => player.play()")
    moments.locator("input:checked:not([value=whole])").wait_for()
    person.page.get_by_alt_text(re.compile(r"long.wav at 0:0\d, seed 3")).wait_for()


def test_a_job_can_be_stopped_and_a_new_one_ends_it(visit, clips):
    person = visit()
    person.choose(clips["very long"])
    person.page.locator("#moments").get_by_label("0:02").wait_for()
    person.page.get_by_role("button", name="Stop", exact=True).click()
    person.page.get_by_text("Stopped.").wait_for()
    drawn = person.page.locator("#moments .tile").count()
    assert 4 <= drawn < 90
    person.choose(clips["very long"])
    person.page.locator("#moments").get_by_label("0:01").wait_for()
    person.choose(clips["short"])
    person.wait_until_done()
    assert person.page.locator("#name").inner_text() == "my clip.wav"
    assert person.page.locator("#moments .tile").count() == 0


def test_the_microphone_is_recorded(visit):
    person = visit()
    person.page.get_by_role("button", name="Record").click()
    person.page.locator("#recording-time").get_by_text("0:01").wait_for()
    assert 30 < int(person.page.get_by_role("meter").get_attribute("aria-valuenow")) <= 100
    person.page.get_by_role("button", name="Stop and draw").click()
    person.wait_until_done()
    seconds = re.search(r"Waveform: (\S+) seconds", person.page.content())[1]
    assert 0.8 < float(seconds) < 10
    assert person.page.get_by_alt_text("Picture drawn from recording, seed 0").is_visible()
    assert person.page.get_by_role("button", name="Record").is_visible()


def test_a_refused_microphone_is_told_in_words(visit):
    person = visit()

    def refuse(route):
        answer = route.fetch()
        headers = {**answer.headers, "permissions-policy": "microphone=()"}
        route.fulfill(response=answer, headers=headers)

    # Headless Chromium's fake microphone is allowed always, except by such a header.
    person.page.route("**/", refuse)
    person.page.reload()
    person.page.get_by_role("button", name="Record").click()
    assert "doesn't let this page use the microphone" in person.error_text()
    assert not person.page.get_by_role("button", name="Try again").is_visible()
    assert "Permissions policy violation" in person.errors.pop()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("letter", "That didn't work: the file is damaged or in no known audio or video format"),
        ("empty", "nothing.wav is empty"),
        ("silent", "There's only silence in it"),
    ],
)
def test_a_bad_file_is_told_in_words_and_a_good_one_helps(visit, clips, kind, words):
    person = visit()
    person.choose(clips[kind])
    assert words in person.error_text()
    assert not person.page.locator("#picture").is_visible()
    person.choose(clips["short"])
    person.wait_until_done()


def test_a_file_too_large_is_not_even_sent(visit, tmp_path):
    person = visit()
    with (tmp_path / "film.mp4").open("wb") as file:
        file.truncate(33 * 2**20)
    person.choose(tmp_path / "film.mp4")
    assert "film.mp4 is too large: it has 33 MiB, and the server takes 32" in person.error_text()
    assert not any(url.endswith("/decode") for url in person.requests)


def test_a_full_server_is_asked_again_and_a_lost_one_told(visit, clips):
    person = visit()
    # The real server is full for milliseconds, which no test can hit.
    full = {"status": 503, "headers": {"retry-after": "1"}, "body": '{"error": "full"}'}
    person.page.route("**/decode", lambda route: route.fulfill(**full), times=1)
    person.choose(clips["short"])
    person.page.get_by_text("The server is full; trying again in 1 s").wait_for()
    person.wait_until_done()
    person.context.set_offline(True)
    person.choose(clips["short"])
    assert "The server doesn't answer" in person.error_text()
    person.context.set_offline(False)
    person.page.get_by_role("button", name="Try again").click()
    person.wait_until_done()


def test_a_dropped_file_is_drawn(visit, clips):
    person = visit()
    contents = base64.b64encode(clips["short"].read_bytes()).decode()
    dropped = person.page.evaluate_handle(
        """contents => {
            const transfer = new DataTransfer();
            const bytes = Uint8Array.from(atob(contents), c => c.charCodeAt(0));
            transfer.items.add(new File([bytes], "dropped.wav"));
            return transfer;
        }""",
        contents,
    )
    person.page.dispatch_event("#drop", "drop", {"dataTransfer": dropped})
    person.wait_until_done()
    assert person.page.get_by_alt_text("Picture drawn from dropped.wav, seed 0").is_visible()


def test_all_of_it_works_by_keyboard(visit):
    person = visit()
    keyboard = person.page.keyboard
    focused = "document.activeElement.textContent.trim() || document.activeElement.value"

    def tab_to(words):
        for _ in range(20):
            keyboard.press("Tab")
            if person.page.evaluate(focused) == words:
                outline = "getComputedStyle(document.activeElement).outlineStyle"
                assert person.page.evaluate(outline) == "solid"
                return
        raise AssertionError(f"no way to {words}")

    for words in ("Record", "Choose a file", "City"):
        tab_to(words)
    keyboard.press("Enter")
    person.wait_until_done()
    for _ in range(6):
        keyboard.press("Tab")
    tab_to("Download PNG")
    keyboard.press("Tab")
    keyboard.press("ArrowRight")
    assert person.page.get_by_label("Seed 1").is_checked()
    assert person.page.get_by_alt_text("Picture drawn from city, seed 1").is_visible()


def test_every_example_can_be_tried(visit):
    person = visit()
    names = [chip.get_attribute("value") for chip in person.page.locator("#examples button").all()]
    for name in names:
        person.page.locator(f"#examples [value={name}]").click()
        person.page.get_by_alt_text(f"Picture drawn from {name}, seed 0").wait_for()
    person.wait_until_done()


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_no_width_needs_sideways_scrolling(visit, clips, width):
    person = visit(viewport={"width": width, "height": 640})
    too_wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not person.page.evaluate(too_wide)
    person.choose(clips["long"])
    person.wait_until_done()
    assert not person.page.evaluate(too_wide)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, clips, scheme):
    from axe_core_python.sync_playwright import Axe

    person = visit(color_scheme=scheme)
    background = person.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (min(map(int, re.findall(r"\d+", background))) > 200) == (scheme == "light")
    for kind in ("start", "long", "letter"):
        if kind != "start":
            person.choose(clips[kind])
            person.page.locator("#status:text('Done.'), #error:visible").first.wait_for()
        found = Axe().run(person.page)["violations"]
        serious = [one for one in found if one["impact"] in ("serious", "critical")]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in serious] == []


def test_the_answers_keep_other_sites_out(server):
    with urllib.request.urlopen(server.rest_url) as answer:
        policy, page = answer.headers["content-security-policy"], answer.read().decode()
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "$" not in page
    assert re.findall(r"<style|<script>|\sstyle=|\son\w+=|https?://", page) == []
