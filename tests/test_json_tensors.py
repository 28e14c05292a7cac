import base64
import json
import tracemalloc

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.json_answers import columns_answer, error_answer, rows_answer
from a2i_tf.serving.json_document import echo, parse_object
from a2i_tf.serving.json_numbers import decimals
from a2i_tf.serving.json_tensors import arrays_from_columns, arrays_from_rows
from a2i_tf.serving.json_values import array_from_json

MOST = 1_000_000
LARGEST = float(np.finfo(np.float32).max)


def strings(*values):
    return np.array(values, object)


def inputs(**dtypes):
    return {name: TensorInfo(dtype=dtype) for name, dtype in dtypes.items()}


class DocumentTest(tf.test.TestCase):
    def refused(self, body, message):
        with pytest.raises(ServingError) as error:
            parse_object(body, MOST)
        self.assertEqual(error.value.code.name, "INVALID_ARGUMENT")
        self.assertIn(message, error.value.message)
        self.assertLess(len(error.value.message), 2_000)

    def test_what_rapidjson_takes(self):
        for body, value in (
            (b'{"a": [NaN, Infinity, -Infinity, Inf]}', [np.nan, np.inf, -np.inf, np.inf]),
            (b'\xef\xbb\xbf{"a": 1}', 1),
            (b'{"a": 1, "a": 2}', 1),
            (b'{"a": 18446744073709551615}', 2**64 - 1),
            (b'{"a": 18446744073709551616}', float(2**64)),
            (b'{"a": "\\ud83d\\ude00\\u0000"}', "\U0001f600\0"),
            (b'{"a": 1e-999}', 0.0),
        ):
            np.testing.assert_equal(parse_object(body, MOST)["a"], value)

    def test_what_it_refuses(self):
        for body, message in (
            (b"", "JSON Parse error: The document is empty"),
            (b"  ", "The document is empty. at offset: 2"),
            (b"\x00", "The document is empty. at offset: 0"),
            (b'{"a": 1e999}', "Number too big to be stored in double. at offset: 6"),
            (b'{"a": ' + b"9" * 5_000 + b"}", "Number too big to be stored in double."),
            (b'{"a": "\xff"}', "Invalid encoding in string."),
            (b'{"\xff": 1}', "Invalid encoding in string."),
            (b'{"a": "\\ud800"}', "The surrogate pair in string is invalid."),
            (b'{"a": "\\x"}', "Invalid escape character in string."),
            (b'{"a": 01}', "Missing a comma or } after an object member. at offset: 7"),
            (b"{'a': 1}", "Missing a name for object member. at offset: 1"),
            (b'{"a": nan}', "Invalid value."),
            (b"[" * 100_000, "recursion depth exceeded"),
            (b'{"a":' * 100_000, "recursion depth exceeded"),
            (b"[" * 1_200 + b"]" * 1_200, "recursion depth exceeded"),
            (b"1", "JSON Value: 1 Is not object"),
            (b"[%s]" % b",".join([b"0"] * 10_000), "JSON Value: [\n    0,\n"),
            (b'{"a": [%s]}' % b",".join([b"0"] * (MOST + 1)), "more than 1000000 values"),
        ):
            self.refused(body, message)

    def test_large_bodies_are_read_whole(self):
        text = base64.b64encode(np.random.default_rng(0).bytes(1_000_000)).decode()
        value = {"inputs": [{"b64": text}, {"b64": "é" * 70_000}], "x": [0.1] * 50_000}
        self.assertEqual(parse_object(json.dumps(value, ensure_ascii=False).encode(), MOST), value)

    def test_an_echo_stays_short_and_takes_no_memory(self):
        deep = [0] * 100_000
        for _ in range(990):
            deep = [deep]
        tracemalloc.start()
        self.assertLess(len(echo(deep)), 1_100)
        self.assertLess(len(echo({"a": deep})), 1_100)
        self.assertLess(tracemalloc.get_traced_memory()[1], 3_000_000)
        tracemalloc.stop()
        self.assertEqual(echo([0.5, None, {"é": True}])[:16], "[\n    0.5,\n    n")
        self.assertEqual([echo(1e39), echo(0.1), echo(float("nan"))], ["1e+39", "0.1", "NaN"])


class ValuesTest(tf.test.TestCase):
    def refused(self, value, dtype, message, code="INVALID_ARGUMENT"):
        with pytest.raises(ServingError) as error:
            array_from_json(value, dtype)
        self.assertEqual(error.value.code.name, code)
        self.assertIn(message, error.value.message)

    def test_types(self):
        for dtype, value, expected in (
            (types_pb2.DT_FLOAT, [1, -0.5, np.nan, np.inf], np.float32([1, -0.5, np.nan, np.inf])),
            (types_pb2.DT_FLOAT, [LARGEST, 2**24 - 1], np.float32([LARGEST, 2**24 - 1])),
            (types_pb2.DT_FLOAT, [], np.zeros(0, np.float32)),
            (types_pb2.DT_FLOAT, [[], []], np.zeros((2, 0), np.float32)),
            (types_pb2.DT_FLOAT, 2, np.float32(2)),
            (types_pb2.DT_DOUBLE, [1e300, 2**53 - 1], np.float64([1e300, 2**53 - 1])),
            (types_pb2.DT_INT32, [-(2**31), 2**31 - 1], np.int32([-(2**31), 2**31 - 1])),
            (types_pb2.DT_INT64, [-(2**63), 2**63 - 1], np.int64([-(2**63), 2**63 - 1])),
            (types_pb2.DT_UINT64, [2**64 - 1], np.uint64([2**64 - 1])),
            (types_pb2.DT_UINT32, [2**32 - 1], np.uint32([2**32 - 1])),
            (types_pb2.DT_UINT8, [7, 263], np.uint8([7, 7])),
            (types_pb2.DT_BOOL, [True, False], np.bool_([True, False])),
            (types_pb2.DT_STRING, ["é", {"b64": "/w=="}], strings("é".encode(), b"\xff")),
        ):
            array = array_from_json(value, dtype)
            self.assertEqual((array.dtype, array.shape), (expected.dtype, expected.shape))
            np.testing.assert_array_equal(array, expected)

    def test_what_does_not_fit(self):
        for dtype, value, message in (
            (
                types_pb2.DT_FLOAT,
                True,
                "JSON Value: true Type: True is not of expected type: float",
            ),
            (types_pb2.DT_FLOAT, [0.5, False], "JSON Value: false Type: False"),
            (types_pb2.DT_FLOAT, [0.5, 2**24], "Cannot convert JSON value: 16777216 to float"),
            (types_pb2.DT_FLOAT, [np.nan, -1e39], "Cannot convert JSON value: -1e+39 to float"),
            (types_pb2.DT_DOUBLE, [2**53], "Cannot convert JSON value: 9007199254740992 to double"),
            (types_pb2.DT_INT32, [2**31], "JSON Value: 2147483648 Type: Number is not of expected"),
            (
                types_pb2.DT_INT64,
                [1.0],
                "JSON Value: 1.0 Type: Number is not of expected type: int",
            ),
            (types_pb2.DT_INT64, [2**63], "JSON Value: 9223372036854775808 Type: Number"),
            (types_pb2.DT_UINT64, [-1], "JSON Value: -1 Type: Number is not of expected"),
            (types_pb2.DT_BOOL, [1], "JSON Value: 1 Type: Number is not of expected type: bool"),
            (types_pb2.DT_STRING, [None], "JSON Value: null Type: Null"),
            (types_pb2.DT_STRING, {"b64": "", "a": 1}, "not formatted correctly for base64 data"),
        ):
            self.refused(value, dtype, message)
        self.refused(
            1.0, types_pb2.DT_HALF, "Conversion of JSON Value: 1.0 to type: half", "UNIMPLEMENTED"
        )

    def test_the_first_wrong_value_is_told(self):
        self.refused([[0.5, 2**24], ["a", 0]], types_pb2.DT_FLOAT, "16777216")
        self.refused([[0.5, "a"], [2**24]], types_pb2.DT_FLOAT, 'JSON Value: "a"')

    def test_nesting(self):
        deep = 0
        for _ in range(500):
            deep = [deep]
        self.refused(deep, types_pb2.DT_FLOAT, "500 levels")

    def test_base64_as_abseil_takes_it(self):
        for text, contents in (
            ("", b""),
            ("YQ==", b"a"),
            ("YQ", b"a"),
            ("Y Q\n=\t=", b"a"),
            ("YWI=", b"ab"),
            ("YWJj", b"abc"),
        ):
            self.assertEqual(array_from_json({"b64": text}, types_pb2.DT_STRING).item(), contents)
        for text in ("Y", "YQ=", "YQ===", "=", "Y=Q=", "YQ==YQ==", "-_-_", "é", "YWJj\0"):
            self.refused({"b64": text}, types_pb2.DT_STRING, "Unable to base64 decode")


class TensorsTest(tf.test.TestCase):
    def test_rows(self):
        rows = {"instances": [{"a": [1, 2], "b": "x"}, {"b": "y", "a": [3, 4]}]}
        arrays = arrays_from_rows(rows, inputs(a=types_pb2.DT_INT32, b=types_pb2.DT_STRING))
        np.testing.assert_array_equal(arrays["a"], np.int32([[1, 2], [3, 4]]))
        np.testing.assert_array_equal(arrays["b"], strings(b"x", b"y"))

    def test_base64_among_several_inputs_is_a_value(self):
        """It passes for the first input, as in TF Serving; what is missing is told later."""
        two = inputs(a=types_pb2.DT_STRING, b=types_pb2.DT_STRING)
        self.assertEqual(list(arrays_from_rows({"instances": [{"b64": "YQ=="}]}, two)), ["a"])

    def test_columns(self):
        two = inputs(a=types_pb2.DT_INT32, b=types_pb2.DT_STRING)
        arrays = arrays_from_columns({"inputs": {"a": 1, "b": ["x", "y"], "c": None}}, two)
        self.assertEqual(
            {name: array.shape for name, array in arrays.items()}, {"a": (), "b": (2,)}
        )
        one = inputs(b=types_pb2.DT_STRING)
        self.assertEqual(arrays_from_columns({"inputs": {"b64": "YQ=="}}, one)["b"].item(), b"a")


class AnswersTest(tf.test.TestCase):
    def test_floats(self):
        floats = [
            0,
            -0.0,
            0.2,
            1 / 3,
            9_000_000,
            0.00003,
            123_456,
            1_234_567,
            np.nan,
            np.inf,
            -np.inf,
        ]
        self.assertEqual(
            " ".join(decimals(np.float32(floats))),
            "0.0 -0.0 0.2 0.333333343 9e+06 3e-05 123456.0 1234567.0 NaN Infinity -Infinity",
        )
        self.assertEqual(
            decimals(np.float64([0.2, 1 / 3, 1e22])), ["0.2", "0.33333333333333331", "1e+22"]
        )

    def test_floats_come_back_to_the_last_bit(self):
        rng = np.random.default_rng(0)
        for dtype, bits in ((np.float32, np.uint32), (np.float64, np.uint64)):
            numbers = rng.integers(0, np.iinfo(bits).max, 20_000, bits).view(dtype)
            numbers = numbers[np.isfinite(numbers)]
            read = np.array([float(text) for text in decimals(numbers)], dtype)
            np.testing.assert_array_equal(read.view(bits), numbers.view(bits))

    def test_white_space_is_that_of_prettywriter(self):
        values = np.float32([[1, 2], [3, 4]])
        self.assertEqual(
            rows_answer({"y": values}).decode(),
            '{\n    "predictions": [[1.0, 2.0], [3.0, 4.0]\n    ]\n}',
        )
        self.assertEqual(
            columns_answer({"y": values[0]}).decode(),
            '{\n    "outputs": [\n        1.0,\n        2.0\n    ]\n}',
        )
        self.assertEqual(error_answer('"é"\n').decode(), '{\n    "error": "\\"é\\"\\n"\n}')

    def test_several_outputs(self):
        outputs = {
            "n": np.arange(2),
            "t": strings(b"a", b"\xc3\xa9"),
            "t_bytes": strings(b"a", b"\xff"),
        }
        rows = [
            {"n": 0, "t": "a", "t_bytes": {"b64": "YQ=="}},
            {"n": 1, "t": "é", "t_bytes": {"b64": "/w=="}},
        ]
        self.assertEqual(json.loads(rows_answer(outputs)), {"predictions": rows})
        columns = {name: [row[name] for row in rows] for name in outputs}
        self.assertEqual(json.loads(columns_answer(outputs)), {"outputs": columns})

    def test_shapes(self):
        for shape in ((), (0,), (3,), (2, 0), (1, 2, 3), (2, 2, 2, 2)):
            array = np.arange(np.prod(shape, dtype=int), dtype=np.int64).reshape(shape)
            self.assertEqual(json.loads(columns_answer({"y": array})), {"outputs": array.tolist()})
            if shape:
                answer = json.loads(rows_answer({"y": array, "z": array}))["predictions"]
                self.assertEqual(answer, [{"y": row, "z": row} for row in array.tolist()])

    def test_rows_of_different_numbers_cannot_be_told(self):
        for outputs, message in (
            ({}, "Cannot convert empty tensor map to JSON"),
            ({"a": np.float32(1)}, "Tensor name: a has no shape information "),
            (
                {"a": np.arange(2), "b": np.arange(3)},
                "Tensor name: b has inconsistent batch size: 3 expecting: 2",
            ),
        ):
            with pytest.raises(ServingError) as error:
                rows_answer(outputs)
            self.assertEqual(error.value.message, message)
