"""REST: what is refused, and in which words. See conformance.py."""

import re

import numpy as np
import pytest
from conformance import NO_VERSION, b64, check_error, make_wav

DATA_LOSS = "to float without loss of precision."
ELEMENT = "Failed to process element: {} 'instances' list. Error: INVALID_ARGUMENT: "
REFUSED_BODIES = {
    "nothing": (b"", "JSON Parse error: The document is empty"),
    "a word": (b"nope", "JSON Parse error: Invalid value. at offset: 1"),
    "an open list": (
        b'{"inputs": [1',
        re.compile(r"^JSON Parse error: Missing a comma or \] after an array element\. at offset"),
    ),
    "an open object": (
        b'{"inputs": 1',
        re.compile(r"^JSON Parse error: Missing a comma or \} after an object member\. at offset"),
    ),
    "a number beyond double": (
        b'{"inputs": 1e999}',
        re.compile(r"^JSON Parse error: Number too big to be stored in double\. at offset"),
    ),
    "more after it": (
        b"{} {}",
        re.compile(r"^JSON Parse error: The document root must not be followed by other values"),
    ),
    "a list": (b"[1, 2]", "JSON Value: [\n    1,\n    2\n] Is not object"),
    "an empty object": (b"{}", "Missing 'inputs' or 'instances' key"),
    "both formats": (
        {"inputs": ["a"], "instances": ["a"]},
        re.compile(
            r'^JSON Value: \{\n    "inputs": \[\n        "a"\n    \],.* Not formatted correctly '
            "expecting only one of 'inputs' or 'instances' keys to exist $",
            re.DOTALL,
        ),
    ),
    "instances that aren't a list": (
        {"instances": 1},
        "JSON Value: {\n    \"instances\": 1\n} Excepting 'instances' to be an list/array",
    ),
    "no instances": (
        {"instances": []},
        "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array",
    ),
    "a signature that isn't a string": (
        {"signature_name": 1, "instances": ["a"]},
        re.compile("not formatted correctly. 'signature_name' key must be a string value.$"),
    ),
    "an unknown signature": (
        {"signature_name": "nobody", "instances": ["a"]},
        'Serving signature name: "nobody" not found in signature def',
    ),
    "a number for bytes, in rows": (
        {"instances": [1]},
        ELEMENT.format("0 of") + "JSON Value: 1 Type: Number is not of expected type: string",
    ),
    "a number for bytes, in columns": (
        {"inputs": 1.5},
        "JSON Value: 1.5 Type: Number is not of expected type: string",
    ),
    "null": ({"inputs": [None]}, "JSON Value: null Type: Null is not of expected type: string"),
    "true": ({"inputs": [True]}, "JSON Value: true Type: True is not of expected type: string"),
    "bad base64": ({"inputs": [{"b64": "*"}]}, "Unable to base64 decode"),
    "b64 that isn't a string": (
        {"inputs": [{"b64": 5}]},
        'JSON Value: {\n    "b64": 5\n} not formatted correctly for base64 data',
    ),
    "an unknown input, in columns": (
        {"inputs": {"nobody": ["a"]}},
        "Missing named input: audio_bytes in 'inputs' object.",
    ),
    "an unknown input, in rows": (
        {"instances": [{"nobody": "a"}]},
        ELEMENT.format("0 key: nobody of") + "JSON object: does not have named input: nobody",
    ),
    "values, then objects": (
        {"instances": ["a", {"audio_bytes": "a"}]},
        "Expecting value/list but got object at item 1 of input list",
    ),
    "objects, then values": (
        {"instances": [{"audio_bytes": "a"}, "a"]},
        "Expecting object but got list at item 1 of input list",
    ),
    "ragged rows": (
        {"signature_name": "encode", "instances": [[0.5, 1], [0.5]]},
        ELEMENT.format("1 of") + "Expecting tensor size: 2 but got: 1",
    ),
    "rows of two shapes": (
        {"signature_name": "encode", "instances": [[[0, 1], [2, 3]], [0, 1, 2, 3]]},
        ELEMENT.format("1 of") + "Expecting shape [2,2] but got: [4]",
    ),
    "ragged columns": (
        {"signature_name": "encode", "inputs": [[0, 1], [2]]},
        "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
    ),
    "a value among lists": (
        {"signature_name": "encode", "inputs": [[0, 1], 2]},
        "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
    ),
    "a list among values": (
        {"signature_name": "encode", "inputs": [0, [1]]},
        "Encountered list at unexpected level: 1 expected < 1",
    ),
    "a string for a float": (
        {"signature_name": "encode", "inputs": [["a"]]},
        'JSON Value: "a" Type: String is not of expected type: float',
    ),
    "an object for a float": (
        {"signature_name": "encode", "inputs": [[{}]]},
        "JSON Value: {} Type: Object is not of expected type: float",
    ),
    "a number beyond float": (
        b'{"signature_name": "encode", "inputs": [[1e39]]}',
        f"Cannot convert JSON value: 1e+39 {DATA_LOSS}",
    ),
    "a whole number beyond float": (
        {"signature_name": "encode", "inputs": [[2**24]]},
        f"Cannot convert JSON value: 16777216 {DATA_LOSS}",
    ),
    "a list for two inputs, in rows": (
        {"signature_name": "draw", "instances": [[1.0]]},
        "instances is a plain list, but expecting list of objects as multiple input tensors "
        "required as per tensorinfo_map",
    ),
    "a list for two inputs, in columns": (
        {"signature_name": "draw", "inputs": [[1.0]]},
        "inputs is a plain value/list, but expecting an object as multiple input tensors "
        "required as per tensorinfo_map",
    ),
    "one of two inputs, in rows": (
        {"signature_name": "draw", "instances": [{"noise": 1}]},
        "Failed to process element: 0 of 'instances' list. JSON object: "
        '{\n    "noise": 1\n} must only have keys: embedding,noise',
    ),
    "one of two inputs, in columns": (
        {"signature_name": "draw", "inputs": {"noise": [[1.0]]}},
        "Missing named input: embedding in 'inputs' object.",
    ),
}


class TestRestErrors:
    @pytest.mark.parametrize("case", REFUSED_BODIES)
    def test_refused(self, rest, case):
        body, message = REFUSED_BODIES[case]
        check_error(rest.post(body), 400, message)

    def test_what_the_model_cannot_take(self, rest):
        """Here the words are TensorFlow's."""
        wrong = {name: np.ones((1, 3)).tolist() for name in ("embedding", "noise")}
        for body in (
            {"inputs": [b64(b"not a WAV file")]},
            {"inputs": [b64(b"")]},
            {"inputs": ["no base64"]},
            {"signature_name": "draw", "inputs": wrong},
        ):
            check_error(rest.post(body), 400, re.compile("."))

    def test_unknown_models(self, rest):
        body = {"instances": [b64(make_wav(0.1))]}
        for path, status, message in (
            (
                f"{rest.path}/versions/{NO_VERSION}",
                404,
                f"Servable not found for request: Specific({rest.model}, {NO_VERSION})",
            ),
            ("/v1/models/nobody", 404, "Servable not found for request: Latest(nobody)"),
            (f"{rest.path}/labels/nobody", 400, "Unrecognized servable version label: nobody"),
        ):
            check_error(rest.post(body, f"{path}:predict"), status, message)
            check_error(
                rest.post(b"", f"{path}:predict"), 400, "JSON Parse error: The document is empty"
            )

    def test_classify_and_regress(self, rest):
        examples = {"examples": [{"x": 1.0}]}
        for method, kind in (("classify", "classification"), ("regress", "regression")):
            path = f"{rest.path}:{method}"
            for body, message in (
                (b"", "JSON Parse error: The document is empty"),
                ({}, re.compile("key 'examples' is expected and was not found$")),
                ({"examples": 1}, re.compile("Expecting 'examples' value to be an list/array$")),
                ({"examples": []}, re.compile("'examples' value is an empty array$")),
                (
                    {**examples, "signature_name": "nobody"},
                    "No signature was found with the name: nobody",
                ),
                ({**examples, "signature_name": "draw"}, "Expected one input Tensor."),
                (examples, re.compile(f"^No {kind} inputs found in SignatureDef: ")),
            ):
                check_error(rest.post(body, path), 400, message)
