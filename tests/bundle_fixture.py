"""Bundles filled in for made-up exports."""

from pathlib import Path

from a2i_tf.export.bundle import BundleSettings, fill_templates

PATHS = (
    "README.md",
    "docker-compose.yml",
    "kubernetes.yaml",
    "Dockerfile",
    "config/models.config",
    "config/batching_parameters.txt",
    "config/monitoring.config",
)


def settings(**changes):
    values = {
        "version": 2,
        "stable": 1,
        "models": Path("../savedmodels/a2i"),
        "run": "0001-scenes-default",
        "image_size": 64,
        "num_bytes": 8_400_000,
    }
    return BundleSettings(**{**values, **changes})


def filled(**changes):
    return {str(path): text for path, text in fill_templates(settings(**changes)).items()}
