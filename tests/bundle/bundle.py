"""The bundle that Terraform uploads, and what the platform's buildpack makes of it."""

from __future__ import annotations

import ast
import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.busy import LONG_SECONDS
from tests.terraform.command import ROOT, Terraform
from verifier.standin.function import quiet_port

HOME, REGION, NAME = "acme-home", "us-central1", "build-verifier"
BUILDER = f"{NAME}-builder@{HOME}.iam.gserviceaccount.com"
_INSTALL_SECONDS = 2 * LONG_SECONDS
_KEPT = ("HOME", "LANG", "PATH", "PIP_", "SSL_CERT", "REQUESTS_CA", "http", "HTTP", "no_proxy", "NO_PROXY")
"""How the variables begin that installing needs."""


def zipped(terraform: Terraform, policy: Path, folder: Path) -> Path:
    """Return the zip that Terraform would upload for this policy, from the list and the text that it gives itself."""
    variables = folder / "installation.tfvars.json"
    settings = {
        "home": {"project": HOME, "region": REGION, "name": NAME},
        "projects": {"acme-dev": {"jobs": [f"{REGION}/worker"]}},
        "regions": ["global", REGION],
        "policy_file": str(policy),
        "slack": {"channel": "C0BUILDS01"},
        "alerts": {"emails": ["ops@example.com"]},
    }
    variables.write_text(json.dumps(settings))
    names: list[str] = json.loads(terraform.value("jsonencode(local.bundle_files)", variables))
    bundle = folder / "bundle.zip"
    with zipfile.ZipFile(bundle, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.write(ROOT / name, name)
        archive.writestr("policy.toml", terraform.value("local.policy_text", variables))
    return bundle


def imported_by(path: str) -> set[str]:
    """Return the project's files that a file imports, sooner or later, with itself and their packages."""
    found: set[str] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        found.add(file)
        waiting |= _imported(file) - found
    return found


def _imported(path: str) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        match node:
            case ast.Import(aliases):
                names |= {alias.name for alias in aliases}
            case ast.ImportFrom(module, aliases, 0):
                names |= {module or "", *(f"{module}.{alias.name}" for alias in aliases)}
    folders = [Path(*name.split(".")) for name in names]
    files = {file for folder in folders for file in (folder.with_suffix(".py"), *_packages(folder))}
    return {file.as_posix() for file in files if file.parts[0] == "verifier" and (ROOT / file).is_file()}


def _packages(folder: Path) -> list[Path]:
    return [package / "__init__.py" for package in (folder, *folder.parents)]


def installed(workspace: Path, folder: Path) -> Path:
    """Make a virtual environment with the unzipped bundle's requirements alone; return its folder of programs."""
    subprocess.run([sys.executable, "-m", "venv", folder], check=True, timeout=_INSTALL_SECONDS)
    programs = folder / "bin"
    install = [
        str(programs / "python"),
        "-m",
        "pip",
        "install",
        "--quiet",
        "--require-hashes",
        "-r",
        "requirements.txt",
    ]
    environment = {name: value for name, value in os.environ.items() if name.startswith(_KEPT)}
    done = subprocess.run(
        install,
        cwd=workspace,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
        check=False,
    )
    assert done.returncode == 0, f"pip install --require-hashes:\n{done.stdout}\n{done.stderr}"
    return programs


@contextmanager
def booted(programs: Path, workspace: Path, settings: Mapping[str, str], log: Path) -> Iterator[str]:
    """Start the function as the buildpack does, with nothing of our environment but its settings; yield its address."""
    port = quiet_port()
    environment = {
        "PATH": f"{programs}:/usr/bin:/bin",
        "HOME": str(workspace),
        "HOST": "127.0.0.1",  # the platform listens on every address; a test should not
        "PORT": str(port),
        "K_SERVICE": NAME,
        "K_REVISION": f"{NAME}-00001-abc",
        "K_CONFIGURATION": NAME,
        "FUNCTION_TARGET": "verify",
        "FUNCTION_SIGNATURE_TYPE": "http",
        "CLOUD_RUN_TIMEOUT_SECONDS": settings["VERIFIER_TIMEOUT"],
        "LOG_EXECUTION_ID": "true",
        "PYTHONUNBUFFERED": "TRUE",
        **settings,
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [programs / "functions-framework", "--target=verify"],
            cwd=workspace,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            _wait(port, process, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + LONG_SECONDS
    while time.monotonic() < until and process.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.05)
    raise AssertionError(f"the bundle does not boot:\n{log.read_text(errors='replace')}")
