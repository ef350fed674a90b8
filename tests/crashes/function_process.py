"""One process of the function: a fork that runs the real entry point on what it is sent, until it is killed."""

from __future__ import annotations

import io
import json
import os
import socket
import traceback
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from random import Random
from typing import Any

from tests.crashes.crash_point import KILLED, CrashMoment, CrashPoint
from tests.crashes.intercepted import CallInterceptor, ProcessClock, intercepted
from tests.crashes.random_faults import RandomFaults
from tests.push_request import PushRequest
from verifier.adapters.wiring import make_deployment
from verifier.times import parse_time

MOST_BYTES = 1 << 17
"""The largest packet: a delivery, or an answer to one."""
_DEFECT = 70
"""The exit code of a process that failed because of this harness itself."""


def serve_deliveries(channel: socket.socket, plan: Mapping[str, Any]) -> None:
    """Serve the deliveries that come through this channel, some at once, and end the process when it closes.

    `plan` has the `environment` that the entry point starts with, the number of `threads`, and either `crash` (where
    to exit) or `random_faults` (what may go wrong).
    """
    os.environ.update(plan["environment"])
    import main

    def send(**answer: Any) -> None:
        channel.send(json.dumps(answer).encode())

    def before_exit(name: str) -> None:
        send(killed_at=name)

    clock = ProcessClock()
    interceptor: CallInterceptor
    if random_faults := plan.get("random_faults"):
        random = Random(random_faults["seed"])
        interceptor = RandomFaults(
            before_exit, clock, random, faults=random_faults["faults"], kills=random_faults["kills"]
        )
    else:
        at, moment = plan.get("crash") or (0, CrashMoment.BEFORE)
        interceptor = CrashPoint(before_exit, at, CrashMoment(moment))
    deployment = intercepted(make_deployment(main.SETTINGS, main.POLICY, clock), clock, interceptor)
    handle: Any = main.handle

    def serve(delivery: Mapping[str, Any]) -> None:
        try:
            clock.tell(parse_time(delivery["now"]))
            interceptor.begin()
            request = PushRequest(delivery["path"], io.BytesIO(delivery["body"].encode()))
            _, status = handle(request, lambda: deployment, main.budget_of)
            interceptor.before_answer()
            send(number=delivery["number"], status=status, **interceptor.account())
        except BrokenPipeError:  # another delivery has just killed this process, and nobody listens any more
            os._exit(KILLED)
        except BaseException:  # noqa: BLE001 - the entry point lets nothing out: it is a defect of this harness, and is seen
            traceback.print_exc()
            os._exit(_DEFECT)

    with ThreadPoolExecutor(plan["threads"]) as pool:
        for packet in iter(partial(channel.recv, MOST_BYTES), b""):
            pool.submit(serve, json.loads(packet))
    os._exit(0)
