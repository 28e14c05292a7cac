import grpc
import numpy as np
import pytest
import tensorflow as tf
from model_fixture import temporary_folder
from tensorflow_serving.apis import prediction_service_pb2_grpc
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from a2i_tf.export.bundle import MODEL_NAME
from a2i_tf.export.warmup import WARMUP_FILE, prediction_log, write_warmup_requests

SIGNATURES = {"serving_default", "serving_seeds", "standard_scores"}


def read_requests(folder):
    """Returns the requests of a version folder's warm-up file, read by the official messages."""
    logs = [
        PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(folder / WARMUP_FILE))
    ]
    assert all(log.WhichOneof("log_type") == "predict_log" for log in logs)
    return [log.predict_log.request for log in logs]


def arrays(inputs):
    return {name: tf.make_ndarray(tensor) for name, tensor in inputs.items()}


class WarmupTest(tf.test.TestCase):
    def test_a_request_reads_back(self):
        rows, seeds = [b"", b"one", b"\x00" * 100_000], np.array([0, -1, 2**40])
        record = prediction_log("m", "s", {"files": rows, "seed": seeds})
        request = PredictionLog.FromString(record).predict_log.request
        self.assertEqual((request.model_spec.name, request.model_spec.signature_name), ("m", "s"))
        read = arrays(request.inputs)
        self.assertEqual(read["files"].tolist(), rows)
        self.assertEqual((read["seed"].tolist(), read["seed"].dtype), (seeds.tolist(), np.int64))

    def test_every_signature_gets_clips_of_several_rates_alone_and_together(self):
        folder = temporary_folder(self)
        write_warmup_requests(folder, MODEL_NAME)
        asked = {}
        for request in read_requests(folder):
            self.assertEqual(request.model_spec.name, MODEL_NAME)
            files = arrays(request.inputs)["audio_bytes"]
            asked.setdefault(request.model_spec.signature_name, []).append(files)
        self.assertEqual(set(asked), SIGNATURES)
        for batches in asked.values():
            self.assertEqual(sorted(map(len, batches)), [1, 1, 4])
            alone = [files[0] for files in batches if len(files) == 1]
            rates = [int(tf.audio.decode_wav(file).sample_rate) for file in alone]
            self.assertEqual(rates, [16_000, 44_100])
            (together,) = (files for files in batches if len(files) > 1)
            self.assertLen({tf.audio.decode_wav(file).audio.shape for file in together}, 4)


@pytest.fixture
def requests(server):
    found = read_requests(server.model_path / "1")
    assert {request.model_spec.signature_name for request in found} == SIGNATURES
    return found


def test_every_request_replays_through_the_savedmodel(server, requests):
    signatures = tf.saved_model.load(str(server.model_path / "1")).signatures
    for request in requests:
        inputs = {name: tf.constant(array) for name, array in arrays(request.inputs).items()}
        (output,) = signatures[request.model_spec.signature_name](**inputs).values()
        assert len(output) == len(inputs["audio_bytes"])


def test_every_request_replays_through_grpc(server, requests):
    with grpc.insecure_channel(server.grpc_address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        for request in requests:
            answer = stub.Predict(request, timeout=60)
            assert answer.model_spec.signature_name == request.model_spec.signature_name
            (output,) = arrays(answer.outputs).values()
            assert len(output) == len(arrays(request.inputs)["audio_bytes"])
