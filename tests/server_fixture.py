"""The real `a2i serve` in a process of its own, on free ports."""

import contextlib
import dataclasses
import re
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

from model_fixture import make_clips, make_model

from a2i_tf.export.exporter import export_model
from a2i_tf.export.weight_storage import TFLITE_PRECISIONS

START_SECONDS = 120
_ADDRESSES = re.compile(r"REST and page: (?P<rest>\S+)\ngRPC: (?P<grpc>\S+)\n")


@dataclasses.dataclass
class RunningServer:
    rest_url: str
    grpc_address: str
    process: subprocess.Popen
    log_path: Path
    model_path: Path

    def log(self):
        return self.log_path.read_text()

    def stop(self):
        """Asks it to end, and returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(START_SECONDS)


def export_everywhere(root):
    """Exports an untrained 32 px model that draws something, at every precision."""
    export_model(make_model(), root / "a2i", TFLITE_PRECISIONS, make_clips())


def wait_until(condition):
    """Waits for what a server does by itself, such as noting a request that it has answered."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


@contextlib.contextmanager
def running_server(model_path, log_path, *options):
    """Starts `a2i serve` on an export and yields a `RunningServer` that is ready."""
    command = [sys.executable, "-m", "a2i_tf", "serve", "--model", str(model_path)]
    command += ["--port", "0", "--grpc-port", "0", *map(str, options)]
    with log_path.open("w") as log:
        process = subprocess.Popen(command, stderr=log, stdout=log)
    try:
        yield RunningServer(*_wait(process, log_path), process, log_path, Path(model_path))
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(START_SECONDS)
            finally:
                process.kill()


def _wait(process, log_path):
    """Returns the addresses once the server is healthy."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise AssertionError(f"the server ended: {log_path.read_text()}")
        if found := _ADDRESSES.search(log_path.read_text()):
            with urllib.request.urlopen(
                found["rest"] + "/healthz", timeout=START_SECONDS
            ) as health:
                assert health.status == 200
            return found["rest"], found["grpc"]
        time.sleep(0.05)
    raise AssertionError(f"the server isn't ready: {log_path.read_text()}")
