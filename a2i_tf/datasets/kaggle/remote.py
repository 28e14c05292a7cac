"""The archive as Kaggle tells of it, through Kaggle's own client."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from a2i_tf.config import Config
from a2i_tf.datasets.kaggle import DATASET
from a2i_tf.datasets.kaggle.credentials import log_in, quiet_client
from a2i_tf.datasets.kaggle.failures import explain_failures

if TYPE_CHECKING:
    from requests import PreparedRequest, Response


@dataclass(frozen=True)
class RemoteArchive(Config):
    """What Kaggle says about the archive.

    Attributes:
        size: Its length in bytes.
        etag: Names its contents; None if Kaggle doesn't say.
        md5: MD5 of its contents, base64; None if Kaggle doesn't say.
        licence: Name of the set's licence.
        version: Number of the set's version.
    """

    size: int
    etag: str | None
    md5: str | None
    licence: str
    version: int


def find_archive() -> tuple[RemoteArchive, PreparedRequest]:
    """Returns what Kaggle says about the archive, and the request that gets it.

    Raises:
        A2IError: if there are no credentials, or Kaggle refuses.
        TransientError: if Kaggle can't be reached, or asks for a pause.
    """
    from kagglesdk.datasets.types.dataset_api_service import (
        ApiDownloadDatasetRequest,
        ApiGetDatasetRequest,
    )

    owner, name = DATASET.split("/")
    about, wanted = ApiGetDatasetRequest(), ApiDownloadDatasetRequest()
    about.owner_slug = wanted.owner_slug = owner
    about.dataset_slug = wanted.dataset_slug = name
    api = log_in()
    with quiet_client(), explain_failures(), api.build_kaggle_client() as client:
        dataset = client.datasets.dataset_api_client.get_dataset(about)
        response: Response = client.datasets.dataset_api_client.download_dataset(wanted)
        # Its body is never read: this request has neither a timeout nor a place to begin.
        response.close()
        remote = RemoteArchive(
            size=int(response.headers["Content-Length"]),
            etag=response.headers.get("ETag"),
            md5=_md5_of(response),
            licence=dataset.license_name,
            version=dataset.current_version_number,
        )
    return remote, response.request


def _md5_of(response: Response) -> str | None:
    """Reads Google Cloud Storage's header: `X-Goog-Hash: crc32c=…, md5=…`, both base64.

    https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash
    """
    hashes = response.headers.get("X-Goog-Hash", "").replace(" ", "").split(",")
    return next((item[4:] for item in hashes if item.startswith("md5=")), None)
