"""Whole commands, as a person runs them: help, version, usage."""

import subprocess
import sys

import pytest

from a2i_tf.version import __version__


def test_help_never_imports_tensorflow():
    code = (
        "import sys; sys.argv = ['a2i', '--help']\n"
        "from a2i_tf.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'tensorflow', 'keras', 'scipy', 'numpy'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Turn sound into pictures" in done.stdout


def test_every_command_has_an_example(a2i):
    for command in (
        "fetch",
        "import",
        "data",
        "train",
        "generate",
        "evaluate",
        "export",
        "serve",
        "doctor",
    ):
        code, out, _ = a2i(command, "--help")
        assert code == 0
        assert f"a2i {command}" in out.split("Examples")[1], command


def test_version(a2i):
    assert a2i("--version") == (0, f"a2i {__version__}\n", "")


@pytest.mark.usefixtures("in_project")
@pytest.mark.parametrize(
    "arguments",
    [
        ("draw",),
        ("train", "--minutes", "1", "--steps", "1"),
        ("train", "--preset", "huge"),
        ("train", "--image-size", "100"),
        ("fetch", "--sources", "0"),
        ("fetch", "digits"),
        ("fetch", "digits", "--from", ".", "--images-per-recording", "0"),
        ("generate", "x.wav", "--seeds", "three"),
        ("export", "--tflite", "float8"),
        ("serve", "--labels", "stable"),
    ],
)
def test_wrong_usage_exits_2(a2i, arguments):
    code, out, err = a2i(*arguments)
    assert code == 2
    assert out == ""
    assert "Usage" in err
