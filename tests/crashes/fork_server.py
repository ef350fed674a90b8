"""`python -m tests.crashes.fork_server`: imports everything once, and forks each process of the function off.

Its standard input is a socket. Each packet on it is a plan for a process, with that process's socket attached. Nothing
here makes a channel or a thread: a forked process would not have it.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import sys

import functions_framework  # noqa: F401 - what the entry point needs
from google.api_core import exceptions  # noqa: F401 - loaded late by some adapters

import verifier.adapters.cloud_build
import verifier.adapters.cloud_logging
import verifier.adapters.cloud_run
import verifier.adapters.firestore
import verifier.adapters.pubsub
import verifier.adapters.slack
import verifier.adapters.submitters
import verifier.controller.quarantine
import verifier.controller.sweep  # noqa: F401 - all of these are what a message may need
from tests.crashes.function_process import MOST_BYTES, serve_deliveries


def main() -> None:
    """Fork a process for each plan, until the input closes."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system reaps them
    with socket.socket(fileno=sys.stdin.fileno()) as requests:
        while True:
            packet, sockets, _, _ = socket.recv_fds(requests, MOST_BYTES, 1)
            if not packet:
                return
            with socket.socket(fileno=sockets[0]) as channel:
                if os.fork() == 0:
                    requests.detach()
                    serve_deliveries(channel, json.loads(packet))


if __name__ == "__main__":
    main()
