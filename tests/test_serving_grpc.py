import asyncio
import contextlib
import resource

import grpc
import numpy as np
import pytest
import tensorflow as tf
from echo_model import TYPES, make_engine, write_echo_model
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from a2i_tf.serving.engine import Engine
from a2i_tf.serving.grpc_service import add_services
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.tensor_protos import proto_from_array


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("echo")
    write_echo_model(folder)
    return folder


@contextlib.asynccontextmanager
async def connected(engine):
    """Serves an engine, and yields a channel to it."""
    server = grpc.aio.server()
    add_services(server, engine)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield channel
    await server.stop(None)


def ask_all(folder, requests):
    """Returns each request's answer, or its error."""

    async def run():
        engine, repository = make_engine(folder)
        await repository.refresh(settled=True)
        async with connected(engine) as channel:
            calls = [PredictionServiceStub(channel).Predict(request) for request in requests]
            return await asyncio.gather(*calls, return_exceptions=True)

    return asyncio.run(run())


def request(signature, **inputs):
    request = PredictRequest(inputs=inputs)
    request.model_spec.name = "echo"
    request.model_spec.signature_name = signature
    return request


def tensor(dtype, sizes, **values):
    proto = TensorProto(dtype=dtype, **values)
    for size in sizes:
        proto.tensor_shape.dim.add().size = size
    return proto


FLOAT = tf.float32.as_datatype_enum


def test_every_type_comes_back_however_it_is_sent(folder):
    arrays = {
        dtype.name: np.array([[0, 1], [2, 3]]).astype(dtype.as_numpy_dtype) for dtype in TYPES
    }
    requests = []
    for name, array in arrays.items():
        content = TensorProto.FromString(tf.io.serialize_tensor(array).numpy())
        requests += [request(name, x=proto_from_array(array)), request(name, x=content)]
    requests += [
        request("text", x=tf.make_tensor_proto([b"a", b"\xff\0"])),
        # TensorFlow packs strings into the content too.
        request(
            "text", x=TensorProto.FromString(tf.io.serialize_tensor([b"a", b"\xff\0"]).numpy())
        ),
    ]
    answers = ask_all(folder, requests)
    for number, array in enumerate(arrays.values()):
        for answer in answers[2 * number : 2 * number + 2]:
            returned = tf.make_ndarray(answer.outputs["y"])
            assert returned.dtype == array.dtype
            np.testing.assert_array_equal(returned, array)
    for answer in answers[-2:]:
        assert list(answer.outputs["text"].string_val) == [b"a", b"\xff\0"]


def test_damaged_tensors_are_refused_and_take_no_memory(folder):
    unknown_rank = tensor(FLOAT, ())
    unknown_rank.tensor_shape.unknown_rank = True
    damaged = [
        tensor(999, (1, 2), float_val=[0, 0]),
        tensor(0, (1, 2), float_val=[0, 0]),
        tensor(FLOAT, (1, -2), float_val=[0, 0]),
        tensor(FLOAT, (-1, -2), float_val=[0, 0]),
        tensor(FLOAT, (2**40, 2), float_val=[0]),
        tensor(FLOAT, (2**62, 2**62, 2**62), float_val=[0]),
        tensor(FLOAT, (2**29, 2)),
        tensor(FLOAT, (1 << 20, 2), tensor_content=b"\0" * 8),
        tensor(FLOAT, [1] * 300, float_val=[0]),
        tensor(FLOAT, (1, 2), tensor_content=b"\0" * 9),
        unknown_rank,
    ]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refusals = ask_all(folder, [request("serving_default", x=proto) for proto in damaged])
    strings = [
        tensor(tf.string.as_datatype_enum, (2**40,), string_val=[b"a"]),
        tensor(tf.string.as_datatype_enum, (3,), tensor_content=b"\xff\xff\xff"),
    ]
    refusals += ask_all(folder, [request("text", x=proto) for proto in strings])
    for refusal in refusals:
        assert refusal.code() is grpc.StatusCode.INVALID_ARGUMENT
        assert refusal.details() == "tensor parsing error: x"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 200_000


def test_other_types_are_named_as_tensorflow_names_them(folder):
    # What this machine has registered for variants and resources must not be read from strangers.
    for dtype, name in ((tf.float16, "half"), (tf.variant, "variant"), (tf.resource, "resource")):
        [refusal] = ask_all(
            folder, [request("serving_default", x=tensor(dtype.as_datatype_enum, (1, 2)))]
        )
        assert refusal.details() == f"Expects arg[0] to be float but {name} is provided"


def test_long_errors_are_cut(folder):
    [refusal] = ask_all(folder, [request("pair", **{"x" * 5_000: tensor(FLOAT, ())})])
    assert refusal.details().startswith("input size does not match signature: 1!=2 len({xxx")
    assert refusal.details().endswith("x...TRUNCATED")
    assert len(refusal.details()) == 1_024 + len("...TRUNCATED")


def text_tensor(count, text=b""):
    proto = TensorProto(dtype=tf.string.as_datatype_enum, string_val=[text] * count)
    proto.tensor_shape.dim.add().size = count
    return proto


def test_rows_and_shapes_are_refused_before_they_are_read(folder):
    """Two million strings take 32 MB in a message, and many times that in arrays of objects."""
    rows = request("text", x=text_tensor(2_000_000))
    shape = request("text", x=text_tensor(2_000_000))
    sizes = shape.inputs["x"].tensor_shape.dim
    sizes[0].size = 1
    sizes.add().size = 2_000_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    answers = ask_all(folder, [rows, shape])
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
    assert [answer.details() for answer in answers] == [
        "Task size 2000000 is larger than maximum input batch size 64",
        "Expects input x to have shape [?] but [1,2000000] is provided",
    ]


def test_messages_together_are_bounded_and_let_go_again(folder):
    async def run():
        engine, repository = make_engine(folder, Limits(max_waiting_bytes=5_000_000))
        await repository.refresh(settled=True)
        async with connected(engine) as channel:
            predict = PredictionServiceStub(channel).Predict
            message = request("text", x=text_tensor(1, b"x" * 2_000_000))
            crowd = await asyncio.gather(*map(predict, [message] * 8), return_exceptions=True)
            return crowd, [await predict(message) for _ in range(4)]

    crowd, later = asyncio.run(run())
    refused = [answer for answer in crowd if isinstance(answer, grpc.RpcError)]
    assert 1 <= len(refused) <= 6
    for answer in refused:
        assert answer.code() is grpc.StatusCode.UNAVAILABLE
        assert "as many requests as it can" in answer.details()
    assert all(answer.outputs["text"].string_val for answer in later)


def test_large_requests_leave_room_for_small_ones(folder):
    """They are read in threads; both kinds are answered."""
    large = np.linspace(0, 1, 64 * 2_000, dtype=np.float32).reshape(64, -1)
    small = np.ones((1, 2), np.float32)
    requests = [request("float32", x=tf.make_tensor_proto(array)) for array in (large, small)]
    for answer, array in zip(ask_all(folder, requests), (large, small), strict=True):
        np.testing.assert_array_equal(tf.make_ndarray(answer.outputs["y"]), array)


def test_reloading_a_configuration_is_refused_in_words(folder):
    async def run():
        async with connected(make_engine(folder)[0]) as channel:
            await ModelServiceStub(channel).HandleReloadConfigRequest(ReloadConfigRequest())

    with pytest.raises(grpc.RpcError) as refused:
        asyncio.run(run())
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "command line" in refused.value.details()


def test_a_fault_of_the_server_tells_nothing_of_its_insides():
    class Faulty(Engine):
        def __init__(self):
            self.limits = Limits()

        def signature(self, _target, _name):
            raise OSError("/home/somebody/secret")

    async def run():
        async with connected(Faulty()) as channel:
            await PredictionServiceStub(channel).Predict(request("text"))

    with pytest.raises(grpc.RpcError) as refused:
        asyncio.run(run())
    assert refused.value.code() is grpc.StatusCode.INTERNAL
    assert refused.value.details() == "Internal error"
