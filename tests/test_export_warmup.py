import tensorflow as tf
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from model_fixture import temporary_folder
from tensorflow.core.framework.tensor_pb2 import TensorProto

from a2i_tf.export.warmup import WARMUP_FILE, prediction_log, write_warmup_requests

# Another description of the messages than warmup.py's, in the terms of protobuf itself.
FIELDS = {
    "ModelSpec": [("name", 1, "string"), ("signature_name", 3, "string")],
    "Input": [("key", 1, "string"), ("value", 2, "bytes")],
    "PredictRequest": [("model_spec", 1, "ModelSpec"), ("inputs", 2, "Input")],
    "PredictLog": [("request", 1, "PredictRequest")],
    "PredictionLog": [("predict_log", 6, "PredictLog")],
}


def described_prediction_log():
    file = descriptor_pb2.FileDescriptorProto(name="a2i.proto", package="a2i", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in FIELDS.items():
        message = file.message_type.add(name=name)
        for field, number, kind in fields:
            label = kinds.LABEL_REPEATED if kind == "Input" else kinds.LABEL_OPTIONAL
            added = message.field.add(name=field, number=number, label=label)
            if kind in FIELDS:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".a2i.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("a2i.PredictionLog"))


def parse(record):
    """Returns the model, the signature, and the inputs as rows of bytes by name."""
    try:
        from tensorflow_serving.apis import prediction_log_pb2
    except ImportError:
        request = described_prediction_log().FromString(record).predict_log.request
        inputs = {item.key: TensorProto.FromString(item.value) for item in request.inputs}
    else:
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        inputs = dict(request.inputs)
    spec = request.model_spec
    rows = {name: tf.make_ndarray(tensor).tolist() for name, tensor in inputs.items()}
    return spec.name, spec.signature_name, rows


class WarmupTest(tf.test.TestCase):
    def test_a_request_reads_back(self):
        rows = [b"", b"one", b"\x00" * 100_000]
        record = prediction_log("a2i", "serving_default", {"audio_bytes": rows})
        self.assertEqual(parse(record), ("a2i", "serving_default", {"audio_bytes": rows}))

    def test_the_file_holds_wav_files_of_several_rates(self):
        folder = temporary_folder(self)
        write_warmup_requests(folder, "a2i")
        rates = []
        for record in tf.data.TFRecordDataset(str(folder / WARMUP_FILE)):
            name, signature, inputs = parse(record.numpy())
            self.assertEqual((name, signature), ("a2i", "serving_default"))
            samples, rate = tf.audio.decode_wav(inputs["audio_bytes"][0])
            self.assertEqual(samples.shape, [int(rate), 1])
            rates.append(int(rate))
        self.assertEqual(rates, [16_000, 44_100])
