"""Pictures of the page for the documentation, made only when asked.

`A2I_SCREENSHOTS=http://127.0.0.1:8501 pytest tests/test_page_screenshots.py` takes them from a
server with a trained model.
"""

import io
import os
from pathlib import Path

import pytest
from browser import Visit, needs_chromium, running_browser, write_clip
from model_fixture import make_clip
from PIL import Image

URL = os.environ.get("A2I_SCREENSHOTS")
FOLDER = Path(__file__).parents[1] / "docs" / "images"
MAX_BYTES = 200_000
DESKTOP = {"width": 1200, "height": 900}
PHONE = {"width": 360, "height": 780}

pytestmark = [needs_chromium, pytest.mark.skipif(not URL, reason="A2I_SCREENSHOTS names no server")]


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    heard = write_clip(tmp_path_factory.mktemp("clips") / "heard.wav", make_clip(5.0))
    with running_browser(heard) as browser:
        yield browser
        browser.close()


@pytest.mark.parametrize(
    ("name", "example", "moment", "viewport", "scheme"),
    [
        ("light", "Restaurant", None, DESKTOP, "light"),
        ("dark", "A walk", "0:04", DESKTOP, "dark"),
        ("phone", "Football", None, PHONE, "light"),
    ],
)
def test_examples(browser, name, example, moment, viewport, scheme):
    person = Visit(browser, URL, viewport=viewport, color_scheme=scheme)
    person.page.get_by_role("button", name=example).click()
    person.wait_until_done()
    if moment:
        person.page.get_by_label(moment).check()
    keep(person.page, name)


def test_recording(browser):
    person = Visit(browser, URL, viewport=DESKTOP, color_scheme="dark")
    person.page.get_by_role("button", name="Record").click()
    person.page.locator("#recording-time").get_by_text("0:02").wait_for()
    keep(person.page, "recording")


def test_an_error(browser, tmp_path):
    person = Visit(browser, URL, viewport=DESKTOP)
    (tmp_path / "letter.mp3").write_text("Dear Sir or Madam,\n" * 100)
    person.choose(tmp_path / "letter.mp3")
    assert person.error_text()
    keep(person.page, "error")


def keep(page, name):
    """Writes a screenshot with as many colours as a small file has room for."""
    screenshot = Image.open(io.BytesIO(page.screenshot(full_page=True))).convert("RGB")
    contents = io.BytesIO()
    screenshot.quantize(256).save(contents, "PNG", optimize=True)
    assert len(contents.getvalue()) < MAX_BYTES
    (FOLDER / f"page-{name}.png").write_bytes(contents.getvalue())
