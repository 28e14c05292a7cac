"""A real headless Chromium with the page in it."""

import contextlib
import shutil

import pytest

from a2i_tf.audio.wav_file import wav_bytes

CHROMIUM = shutil.which("chromium")
# The longest that anything on the page takes on a busy machine.
TIMEOUT_MS = 60_000
_FLAGS = ("--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="Debian's chromium isn't installed")


@contextlib.contextmanager
def running_browser(heard):
    """Yields a browser whose microphone hears a WAV file, again and again."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        yield playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*_FLAGS, f"--use-file-for-fake-audio-capture={heard}"],
        )


class Visit:
    """One person on the page, with what the browser asked for meanwhile.

    Attributes:
        page: Playwright's.
        context: The browser's state, thrown away afterwards.
        requests: The URLs asked for, also of other hosts.
        errors: What went wrong in the page's scripts, or was refused by its security policy.
    """

    def __init__(self, browser, url, **options):
        self.context = browser.new_context(**options)
        self.context.set_default_timeout(TIMEOUT_MS)
        self.page = self.context.new_page()
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._note)
        self.page.goto(url)
        self.page.locator("#model.ready").wait_for()

    def _note(self, message):
        # Refusals of the server, which the tests provoke, are among them; nothing else may be.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.errors.append(message.text)

    def choose(self, path):
        self.page.set_input_files("#file", path)

    def wait_until_done(self):
        """Waits for the end of what is being done, which mustn't be an error."""
        self.page.locator("#status:text('Done.'), #error:visible").first.wait_for()
        assert not self.page.locator("#error").is_visible(), self.error_text()

    def error_text(self):
        self.page.locator("#error").wait_for()
        return self.page.locator("#error-text").inner_text()


def write_clip(path, waveform):
    path.write_bytes(wav_bytes(waveform, 16_000))
    return path
