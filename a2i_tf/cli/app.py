"""The `a2i` command: its subcommands, and how it ends."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TextIO

import typer

from a2i_tf.cli.console import print_error
from a2i_tf.cli.data import data
from a2i_tf.cli.doctor import doctor
from a2i_tf.cli.evaluate import evaluate
from a2i_tf.cli.export import export
from a2i_tf.cli.fetch import fetch_app
from a2i_tf.cli.generate import generate
from a2i_tf.cli.import_ import import_
from a2i_tf.cli.serve import serve
from a2i_tf.cli.train import train
from a2i_tf.errors import A2IError
from a2i_tf.version import __version__

app = typer.Typer(
    name="a2i",
    help="Turn sound into pictures: draw the scene that a recording was made in.",
    epilog="Start with: a2i fetch, then a2i train, then a2i generate clip.wav",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.add_typer(fetch_app, name="fetch")
for command in (data, train, generate, evaluate, export, serve, doctor):
    app.command(no_args_is_help=command is generate)(command)
app.command("import", no_args_is_help=True)(import_)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"a2i {__version__}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Turn sound into pictures: draw the scene that a recording was made in."""


def main() -> None:
    """Runs the command line: exits 0, 1 (one line says why) or 2 (wrong usage)."""
    silence_tensorflow()
    try:
        app()
    except A2IError as error:
        print_error(str(error))
        sys.exit(1)
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; Python would complain at exit.
        _let_go_of(sys.stdout)
        sys.exit(1)
    finally:
        try:
            sys.stderr.flush()
        except OSError:
            # What nobody could be told would turn a good end into Python's exit code 120.
            _let_go_of(sys.stderr)


def _let_go_of(stream: TextIO) -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def silence_tensorflow() -> None:
    """Keeps TensorFlow's start-up chatter off stderr, unless the user asks for it."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
