import dataclasses

import pytest

from a2i_tf.config import Config, read_json
from a2i_tf.errors import A2IError


@dataclasses.dataclass(frozen=True)
class Inner(Config):
    rate: int


@dataclasses.dataclass(frozen=True)
class Outer(Config):
    inner: Inner
    labels: tuple[str, ...]
    minutes: float | None = None

    def __post_init__(self) -> None:
        if self.minutes is not None and self.minutes <= 0:
            raise ValueError("minutes must be above 0")


def test_json_round_trip_restores_nested_types():
    config = Outer(Inner(16_000), ("beach", "city"), 2.5)
    assert Outer.from_dict({**config.to_dict(), "labels": ["beach", "city"]}) == config


def test_unknown_field_names_it():
    with pytest.raises(A2IError, match="Outer has no field hue"):
        Outer.from_dict({"inner": {"rate": 1}, "labels": [], "hue": 1})


def test_missing_field_is_one_line():
    with pytest.raises(A2IError, match="cannot be read: .*labels"):
        Outer.from_dict({"inner": {"rate": 1}})


def test_out_of_range_value_is_refused():
    with pytest.raises(A2IError, match="minutes must be above 0"):
        Outer.from_dict({"inner": {"rate": 1}, "labels": [], "minutes": -1})


@pytest.mark.parametrize(("text", "message"), [("{", "cannot be read"), ("[1]", "list, not")])
def test_read_json_explains(tmp_path, text, message):
    path = tmp_path / "config.json"
    path.write_text(text)
    with pytest.raises(A2IError, match=message):
        read_json(path)
