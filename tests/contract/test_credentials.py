"""Credentials: one set for all clients of a process, had in time, and what it means when they can't be."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import grpc
import pytest

from tests.busy import BUSY_SECONDS
from tests.contract import tls
from tests.contract.adapters import black_hole, nobody_there
from tests.contract.test_google import fresh_python

PERSON = {"type": "authorized_user", "client_id": "a", "client_secret": "b", "refresh_token": "c"}
ALL = """
from verifier.adapters.cloud_build import CloudBuild
from verifier.adapters.cloud_logging import CloudLogging
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.adapters.firestore import FirestoreStore
from verifier.adapters.pubsub import VerdictTopic
from verifier.adapters.submitters import CloudSubmitters
from verifier.errors import Denied, Unavailable
import logging, os, sys
from time import monotonic
logging.disable(logging.CRITICAL)
MAKE = {
    "builds": CloudBuild, "jobs": CloudRunJobs, "logs": lambda: CloudLogging("shop"), "submitters": CloudSubmitters,
    "store": lambda: FirestoreStore("shop"), "topic": lambda: VerdictTopic("projects/shop/topics/verdicts"),
}
begun = monotonic()
"""


def nowhere(folder: Path) -> Mapping[str, str]:
    """Return the environment of a machine on which nobody has logged in."""
    return {
        "HOME": str(folder),
        "CLOUDSDK_CONFIG": str(folder),
        "GOOGLE_APPLICATION_CREDENTIALS": "",
        "FIRESTORE_EMULATOR_HOST": "",
        "NO_GCE_CHECK": "false",
    }


def metadata_at(address: str) -> Mapping[str, str]:
    """Return where the metadata server is looked for."""
    return {"GCE_METADATA_HOST": address, "GCE_METADATA_IP": address}


def person(folder: Path) -> str:
    """Return the file that somebody's login leaves behind."""
    path = folder / "person.json"
    path.write_text(json.dumps(PERSON))
    return str(path)


def test_credentials_are_looked_up_once_for_all_clients(tmp_path: Path) -> None:
    script = f"""{ALL}
MAKE["store"]()
os.remove(os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
for make in MAKE.values():
    make()
print("made")
"""
    known = {**nowhere(tmp_path), "GOOGLE_APPLICATION_CREDENTIALS": person(tmp_path)}
    assert fresh_python(script, **known) == "made\n"


def test_in_cloud_run_they_are_had_without_asking_the_metadata_server(tmp_path: Path) -> None:
    script = f"{ALL}\nfor make in MAKE.values(): make()\nprint('made')"
    with socket.create_server(("127.0.0.1", 0)) as metadata:
        address = f"127.0.0.1:{metadata.getsockname()[1]}"
        said = fresh_python(script, **nowhere(tmp_path), **metadata_at(address), K_SERVICE="build-verifier")
        metadata.setblocking(False)
        with pytest.raises(BlockingIOError):
            metadata.accept()
    assert said == "made\n"


@pytest.mark.parametrize("name", ["builds", "store"])
def test_a_metadata_server_that_hangs_is_given_up_in_time_and_nothing_of_it_stays(tmp_path: Path, name: str) -> None:
    script = f"""{ALL}
try:
    MAKE[{name!r}]()
except Unavailable as error:
    print(monotonic() - begun, error)
os.environ["GOOGLE_APPLICATION_CREDENTIALS"] = {person(tmp_path)!r}
MAKE[{name!r}]()
"""
    with black_hole() as address:
        took, said = fresh_python(script, **nowhere(tmp_path), **metadata_at(address)).split(" ", 1)
    assert 4 <= float(took) < 4 + BUSY_SECONDS
    assert said == (
        "expected Google credentials within 4 s, got TimeoutError; try again later, "
        "or on a workstation run: gcloud auth application-default login\n"
    )


@pytest.mark.parametrize("name", ["builds", "store"])
def test_where_there_are_none_a_service_is_denied_with_the_command_to_run(tmp_path: Path, name: str) -> None:
    script = f"{ALL}\ntry:\n    MAKE[{name!r}]()\nexcept Denied as error:\n    print(error)"
    assert fresh_python(script, **{**nowhere(tmp_path), "NO_GCE_CHECK": "true"}) == (
        "expected Google credentials, got DefaultCredentialsError; look at GOOGLE_APPLICATION_CREDENTIALS, "
        "or on a workstation run: gcloud auth application-default login\n"
    )


@pytest.mark.parametrize("metadata", [black_hole, nobody_there], ids=lambda metadata: metadata.__name__)
def test_a_token_that_does_not_come_makes_a_call_unavailable_within_its_timeout(
    tmp_path: Path, metadata: Callable[[], AbstractContextManager[str]]
) -> None:
    """In Cloud Run the metadata server is first asked by a call, for a token."""
    own = tls.localhost(tmp_path)
    identity = (Path(own.key).read_bytes(), Path(own.certificate).read_bytes())
    server = grpc.server(ThreadPoolExecutor(1))
    port = server.add_secure_port("localhost:0", grpc.ssl_server_credentials([identity]))
    script = f"""{ALL}
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from verifier.adapters.google import credentials
channel = FirestoreGrpcTransport.create_channel("localhost:{port}", credentials())
try:
    FirestoreStore("shop", channel=channel).read("builds", "a", timeout=1)
except Unavailable as error:
    print(monotonic() - begun, error)
    sys.stdout.flush()
os._exit(0)  # not to wait for the call that nobody waits for
"""
    server.start()
    trusted = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": own.certificate, "K_SERVICE": "build-verifier"}
    with metadata() as address:
        took, said = fresh_python(script, **nowhere(tmp_path), **metadata_at(address), **trusted).split(" ", 1)
    server.stop(None).wait()
    assert float(took) < 1 + BUSY_SECONDS
    assert said.startswith("expected Firestore database (default) of project shop to read builds/a within 1 s, got ")
