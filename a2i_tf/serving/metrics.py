"""What Prometheus is told."""

from __future__ import annotations

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

# A gauge beside every counter that tells when it began; nobody asks.
disable_created_metrics()
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256)


class Metrics:
    """All metrics of one server, in a registry of its own.

    Attributes:
        content_type: The MIME type of `text()`.
        requests: Answered, by protocol, method and code.
        request_seconds: From the first byte to the end of the answer.
        requests_in_flight: Being answered.
        queue_rows: Rows that wait for a batch.
        queue_seconds: How long requests waited for one.
        queue_full: Requests refused because too many rows waited.
        batch_rows: Rows in one call of the model.
        batch_seconds: Duration of one call of the model.
        version_loaded: 1 for a version that is served, else 0.
        version_refused: How often a version couldn't be loaded.
    """

    content_type = CONTENT_TYPE_LATEST

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        by_call = ["protocol", "method"]
        self.requests = Counter(
            "a2i_requests", "Requests answered.", [*by_call, "code"], registry=registry
        )
        self.request_seconds = Histogram(
            "a2i_request_seconds",
            "From a request's first byte to the end of its answer.",
            by_call,
            buckets=_SECONDS,
            registry=registry,
        )
        self.requests_in_flight = Gauge(
            "a2i_requests_in_flight", "Requests being answered.", registry=registry
        )
        self._add_batching(registry)
        version = ["model", "version"]
        self.version_loaded = Gauge(
            "a2i_version_loaded", "1 for a version that is served.", version, registry=registry
        )
        self.version_refused = Counter(
            "a2i_version_refused", "Versions that couldn't be loaded.", version, registry=registry
        )

    def _add_batching(self, registry: CollectorRegistry) -> None:
        self.queue_rows = Gauge("a2i_queue_rows", "Rows that wait for a batch.", registry=registry)
        self.queue_seconds = Histogram(
            "a2i_queue_seconds",
            "How long requests waited for a batch.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.queue_full = Counter(
            "a2i_queue_full", "Requests refused with a full queue.", registry=registry
        )
        by_signature = ["signature"]
        self.batch_rows = Histogram(
            "a2i_batch_rows",
            "Rows in one call of the model.",
            by_signature,
            buckets=_ROWS,
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "a2i_batch_seconds",
            "Duration of one call of the model.",
            by_signature,
            buckets=_SECONDS,
            registry=registry,
        )

    def text(self) -> bytes:
        """Returns all metrics in Prometheus' text format."""
        return generate_latest(self.registry)
