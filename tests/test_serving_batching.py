"""Requests that come together, in one process with a real SavedModel."""

import asyncio

import grpc
import numpy as np
import pytest
from small_savedmodel import write_multiplier

from a2i_tf.serving.batching import Batcher, BatchingConfig
from a2i_tf.serving.errors import ServingError
from a2i_tf.serving.limits import Limits
from a2i_tf.serving.metrics import Metrics
from a2i_tf.serving.servable import load_servable

FOREVER = 3_600.0
GIVE_UP_SECONDS = 60
SIGNATURE = "serving_default"


@pytest.fixture(scope="module")
def servables(tmp_path_factory):
    root = tmp_path_factory.mktemp("models")
    return [load_servable(n, write_multiplier(root / str(n), factor=n)) for n in (2, 3)]


@pytest.fixture(scope="module")
def servable(servables):
    return servables[0]


def row(*values):
    return {"x": np.array([values], np.float32)}


def with_batcher(use, wait_seconds=FOREVER, **limits):
    """Runs `use(batcher)` in an event loop; returns its result and the batcher's metrics."""

    async def run():
        metrics = Metrics()
        batcher = Batcher(BatchingConfig(wait_seconds, 2), Limits(**limits), metrics)
        result = await asyncio.wait_for(use(batcher), GIVE_UP_SECONDS)
        batcher.close()
        return result, metrics

    return asyncio.run(run())


def run_all(servable, signature, requests, **limits):
    async def use(batcher):
        calls = [batcher.run(servable, signature, inputs) for inputs in requests]
        return await asyncio.gather(*calls, return_exceptions=True)

    return with_batcher(use, **limits)


def batches(metrics, signature=SIGNATURE):
    """Returns how many batches ran, and how many rows were in them."""
    read = metrics.registry.get_sample_value
    labels = {"signature": signature}
    return read("a2i_batch_rows_count", labels), read("a2i_batch_rows_sum", labels)


def test_a_full_batch_runs_at_once_and_each_gets_its_own_rows(servable):
    requests = [row(1, 2), {"x": np.array([[3, 4], [5, 6]], np.float32)}, row(7, 8)]
    answers, metrics = run_all(servable, SIGNATURE, requests, max_batch_size=4)
    assert [answer.num_rows for answer in answers] == [4, 4, 4]
    assert batches(metrics) == (1, 4)
    for request, answer in zip(requests, answers, strict=True):
        np.testing.assert_array_equal(answer.outputs["y"], request["x"] * 2)
        np.testing.assert_array_equal(answer.outputs["sum"], request["x"].sum(axis=1))


def test_a_lone_request_waits_only_for_so_long(servable):
    answers, metrics = run_all(servable, SIGNATURE, [row(1, 2)], wait_seconds=0.001)
    assert answers[0].num_rows == 1
    assert batches(metrics) == (1, 1)


def test_a_batch_holds_no_more_rows_and_bytes_than_it_may(servable):
    requests = [row(n, n) for n in range(6)]
    for limits in ({"max_batch_size": 2}, {"max_batch_size": 3, "max_body_bytes": 16}):
        answers, _ = run_all(servable, SIGNATURE, requests, **limits)
        assert [answer.num_rows for answer in answers] == [2] * 6


def test_a_bad_request_does_not_spoil_its_neighbours(servable):
    requests = [row(1, 2), row(-1, 2), row(3, 4)]
    answers, _ = run_all(servable, SIGNATURE, requests, max_batch_size=3)
    assert isinstance(answers[1], ServingError)
    assert answers[1].code == grpc.StatusCode.INVALID_ARGUMENT
    assert "x is below zero" in answers[1].message
    for index in (0, 2):
        np.testing.assert_array_equal(answers[index].outputs["y"], requests[index]["x"] * 2)


def test_strings_are_batched_too(servable):
    requests = [{"text": np.array([text], object)} for text in (b"one\0", b"\xff", b"")]
    answers, _ = run_all(servable, "shout", requests, max_batch_size=3)
    texts = [answer.outputs["loud"].tolist() for answer in answers]
    assert texts == [[b"ONE\0"], [b"\xff"], [b""]]


def test_versions_signatures_and_widths_are_not_mixed(servables):
    async def use(batcher):
        wide = {"x": np.ones([1, 5], np.float32)}
        return await asyncio.gather(
            batcher.run(servables[0], SIGNATURE, row(1, 1)),
            batcher.run(servables[1], SIGNATURE, row(1, 1)),
            batcher.run(servables[0], "any_width", row(1, 1)),
            batcher.run(servables[0], "any_width", wide),
            batcher.run(servables[1], SIGNATURE, row(2, 2)),
        )

    answers, _ = with_batcher(use, wait_seconds=0.05)
    assert [answer.num_rows for answer in answers] == [1, 2, 1, 1, 2]
    assert [answer.outputs["y"][0, 0] for answer in answers] == [2, 3, 2, 2, 6]


def test_what_has_no_batch_dimension_runs_alone(servable):
    requests = [{"x": np.array([1, 2], np.float32)}, {"x": np.array([5], np.float32)}]
    answers, metrics = run_all(servable, "total", requests, wait_seconds=0.001)
    assert [answer.outputs["total"] for answer in answers] == [6, 10]
    assert batches(metrics, "total") == (2, 2)


def test_a_full_queue_refuses_until_someone_leaves(servable):
    two_rows = {"x": np.full([2, 2], 5, np.float32)}

    async def use(batcher):
        waiting = [
            asyncio.create_task(batcher.run(servable, SIGNATURE, row(n, n))) for n in range(2)
        ]
        await asyncio.sleep(0)
        with pytest.raises(ServingError) as refused:
            await batcher.run(servable, SIGNATURE, two_rows)
        waiting[0].cancel()
        await asyncio.wait([waiting[0]])
        return refused.value, await asyncio.gather(
            waiting[1], batcher.run(servable, SIGNATURE, two_rows)
        )

    (error, answers), metrics = with_batcher(use, max_queue_length=3, max_batch_size=3)
    assert error.code == grpc.StatusCode.UNAVAILABLE
    assert [answer.outputs["y"][0, 0] for answer in answers] == [2, 10]
    # The one that was cancelled while it waited has never been run.
    assert batches(metrics) == (1, 3)
    assert metrics.registry.get_sample_value("a2i_queue_full_total") == 1
    assert metrics.registry.get_sample_value("a2i_queue_rows") == 0


def test_more_rows_than_a_batch_holds_are_refused(servable):
    large = {"x": np.ones([5, 2], np.float32)}
    answers, _ = run_all(servable, SIGNATURE, [large], max_batch_size=4)
    assert answers[0].code == grpc.StatusCode.INVALID_ARGUMENT
    assert answers[0].message == "Task size 5 is larger than maximum input batch size 4"
