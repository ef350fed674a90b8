"""The deployed function with the demo's clock in the place of the machine's: functions-framework starts this file."""

from __future__ import annotations

import os
import sys
from functools import cache, partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any

import functions_framework

from verifier.adapters.wiring import make_deployment
from verifier.standin.clock import CLOCK_VARIABLE, PastClock
from verifier.standin.function import MAIN

if TYPE_CHECKING:
    from flask import Request

    from verifier.controller.budget import Deployment


def _loaded(file: Path) -> Any:
    spec = spec_from_file_location("deployed_main", file)
    if spec is None or spec.loader is None:
        raise ImportError(f"expected the function's code in {file}")
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


_DEPLOYED = _loaded(MAIN)
_CLOCK = PastClock(Path(os.environ[CLOCK_VARIABLE]))


@cache
def _deployment() -> Deployment:
    tell = partial(_DEPLOYED.log, "WARNING")
    settings, policy = _DEPLOYED.SETTINGS, _DEPLOYED.POLICY
    return make_deployment(settings, policy, _CLOCK, tell=tell, stopping=_DEPLOYED.is_stopping)


@functions_framework.http
def verify(request: Request) -> tuple[str, int]:
    """Act on one Pub/Sub push as the deployed function does."""
    answer: tuple[str, int] = _DEPLOYED.handle(request, _deployment, _DEPLOYED.budget_of)
    return answer
