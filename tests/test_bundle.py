"""The files for TensorFlow Serving: what they say, and that who reads them understands them."""

import configparser
import json
import subprocess
from importlib import resources
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest
import yaml
from bundle_fixture import PATHS, filled, settings
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from a2i_tf.export import bundle
from a2i_tf.serving.batching import BatchingConfig
from a2i_tf.serving.limits import Limits

REPOSITORY = Path(__file__).resolve().parents[1]
KUBERNETES_VERSIONS = ("1.27", "1.37")

# From session_bundle_config.proto and monitoring_config.proto of TensorFlow Serving 2.17: the
# package tensorflow-serving-api doesn't ship these two.
MESSAGES = {
    "Int64Value": {"value": (1, "int64")},
    "BatchingParameters": {
        "max_batch_size": (1, "Int64Value"),
        "batch_timeout_micros": (2, "Int64Value"),
        "max_enqueued_batches": (3, "Int64Value"),
        "num_batch_threads": (4, "Int64Value"),
    },
    "PrometheusConfig": {"enable": (1, "bool"), "path": (2, "string")},
    "MonitoringConfig": {"prometheus_config": (1, "PrometheusConfig")},
}


def parse_text(message, text):
    """Reads protobuf's text format into a message of `MESSAGES`."""
    file = descriptor_pb2.FileDescriptorProto(name="m.proto", package="m", syntax="proto3")
    kinds = descriptor_pb2.FieldDescriptorProto
    for name, fields in MESSAGES.items():
        described = file.message_type.add(name=name)
        for field, (number, kind) in fields.items():
            added = described.field.add(name=field, number=number, label=kinds.LABEL_OPTIONAL)
            if kind in MESSAGES:
                added.type, added.type_name = kinds.TYPE_MESSAGE, f".m.{kind}"
            else:
                added.type = getattr(kinds, f"TYPE_{kind.upper()}")
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    found = message_factory.GetMessageClass(pool.FindMessageTypeByName(f"m.{message}"))
    return text_format.Parse(text, found())


def kubernetes_objects(**changes):
    objects = yaml.safe_load_all(filled(**changes)["kubernetes.yaml"])
    return {found["kind"]: found for found in objects}


def test_models_config_parses_with_the_official_message():
    config = text_format.Parse(filled()["config/models.config"], ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path, model.model_platform) == (
        *("a2i", "/models/a2i", "tensorflow"),
    )
    assert list(model.model_version_policy.specific.versions) == [1, 2]
    assert dict(model.version_labels) == {"stable": 1, "canary": 2}


def test_batching_and_monitoring_parse():
    files = filled()
    batching = parse_text("BatchingParameters", files["config/batching_parameters.txt"])
    # What `a2i serve` does by default, so that clients meet the same bounds.
    limits, threads = Limits(), BatchingConfig().num_threads
    assert batching.max_batch_size.value == limits.max_batch_size
    waiting = batching.max_enqueued_batches.value * batching.max_batch_size.value
    assert waiting == limits.max_queue_length
    assert batching.num_batch_threads.value == threads
    assert batching.batch_timeout_micros.value == BatchingConfig().wait_seconds * 1e6
    monitoring = parse_text("MonitoringConfig", files["config/monitoring.config"])
    assert monitoring.prometheus_config.enable
    assert monitoring.prometheus_config.path.startswith("/")


def test_batches_and_memory_follow_the_model():
    assert [settings(image_size=size).max_batch_size for size in (32, 64, 128)] == [64, 64, 16]
    memory = [settings(num_bytes=mib * 2**20).memory_mib for mib in (1, 2, 100)]
    assert memory[0] == memory[1]
    assert memory[2] - memory[0] == 384


def test_compose_is_valid_and_safe():
    schema = resources.files("check_jsonschema") / "builtin_schemas/vendor/compose-spec.json"
    compose = yaml.safe_load(filled()["docker-compose.yml"])
    validator = jsonschema.validators.validator_for(json.loads(schema.read_text()))
    validator(json.loads(schema.read_text())).validate(compose)
    (service,) = compose["services"].values()
    assert service["image"] == bundle.IMAGE
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])
    assert all(volume["read_only"] for volume in service["volumes"])
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["user"].split(":")[0] != "0"
    assert {"cpus", "memory"} == set(service["deploy"]["resources"]["limits"])


def test_every_file_that_the_server_is_told_of_is_mounted():
    files = filled()
    compose = yaml.safe_load(files["docker-compose.yml"])["services"]["serving"]
    pod = kubernetes_objects()["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert compose["command"] == container["args"]
    mounts = {volume["target"]: volume["source"] for volume in compose["volumes"]}
    assert mounts["/config"] == "./config"
    options = dict(option.split("=") for option in compose["command"])
    named = [value for value in options.values() if value.startswith("/")]
    config = kubernetes_objects()["ConfigMap"]["data"]
    assert sorted(named) == sorted(f"/config/{name}" for name in config)
    assert all(f"config/{name}" in files for name in config)
    assert options["--enable_batching"] == "true"
    assert int(options["--rest_api_num_threads"]) >= 2 * settings().max_batch_size


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_kubernetes_objects_are_valid(version):
    objects = kubernetes_objects()
    assert set(objects) == {
        *("ConfigMap", "Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget"),
    }
    for found in objects.values():
        kubernetes_validate.validate(found, version, strict=True)
    assert objects["HorizontalPodAutoscaler"]["apiVersion"] == "autoscaling/v2"


def test_kubernetes_objects_name_each_other():
    files, objects = filled(), kubernetes_objects()
    config, deployment = objects["ConfigMap"], objects["Deployment"]
    for name, text in config["data"].items():
        assert text == files[f"config/{name}"]
    template = deployment["spec"]["template"]
    volumes = {volume["name"]: volume for volume in template["spec"]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"] == "a2i-config-2"
    pod_labels = template["metadata"]["labels"].items()
    for selector in (
        deployment["spec"]["selector"]["matchLabels"],
        objects["Service"]["spec"]["selector"],
        objects["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
    ):
        assert selector.items() <= pod_labels
    target = objects["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]
    assert target["name"] == deployment["metadata"]["name"]
    assert "replicas" not in deployment["spec"]  # The autoscaler's.
    (container,) = template["spec"]["containers"]
    ports = {port["name"] for port in container["ports"]}
    assert {port["targetPort"] for port in objects["Service"]["spec"]["ports"]} == ports
    mounted = {mount["name"] for mount in container["volumeMounts"]}
    assert mounted == set(volumes)


def test_the_health_check_is_bash_that_tells_a_ready_server(server):
    compose = yaml.safe_load(filled()["docker-compose.yml"])["services"]["serving"]
    kind, *command = compose["healthcheck"]["test"]
    assert (kind, command[:2]) == ("CMD", ["bash", "-c"])
    probe = kubernetes_objects()["Deployment"]["spec"]["template"]["spec"]["containers"][0]
    assert probe["readinessProbe"]["exec"]["command"] == command

    def succeeds(port, path):
        script = command[2].replace("/8501", f"/{port}").replace("/labels/stable", path)
        done = subprocess.run(["bash", "-c", script], timeout=30, capture_output=True)
        return done.returncode == 0

    port = server.rest_url.rpartition(":")[2]
    assert succeeds(port, "")
    assert succeeds(port, "/versions/1")
    assert not succeeds(port, "/versions/2")
    assert not succeeds(port, "/labels/stable")  # This server has no such label.
    assert not succeeds(1, "")


def test_strange_names_stay_inside_their_lines():
    run, models = 'a\n"b": [', Path('../m "y" $HOME: #1/a2i')
    files = filled(run=run, models=models)
    compose = yaml.safe_load(files["docker-compose.yml"])
    source = compose["services"]["serving"]["volumes"][0]["source"]
    assert source.replace("$$", "$") == str(models)
    assert len(list(yaml.safe_load_all(files["kubernetes.yaml"]))) == 5
    assert "'../m \"y\" $HOME: #1/a2i'" in files["README.md"]


def test_the_repositorys_bundle_is_what_is_written_today():
    expected = filled(version=1, stable=1)
    found = {name: (REPOSITORY / "deploy" / name).read_text() for name in expected}
    assert found == expected


def test_the_templates_are_installed():
    setup = configparser.ConfigParser()
    setup.read(REPOSITORY / "setup.cfg")
    package = REPOSITORY / "a2i_tf"
    patterns = setup["options.package_data"]["a2i_tf"].split()
    installed = {path for pattern in patterns for path in package.glob(pattern)}
    templates = package / "export" / "bundle_templates"
    assert {templates / name for name in PATHS} <= installed
