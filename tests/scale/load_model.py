"""The model: the real entry point, controller and ledger in several instances, over a world under load."""

from __future__ import annotations

import itertools
import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache
from random import Random
from types import ModuleType

import re2

from tests.scale.model_calls import ModelCalls
from tests.scale.model_services import ModelServices
from tests.scale.platform import INSTANCES, PushPlatform
from tests.simulation.entry import POLICY, EntryPoint, loaded
from tests.simulation.kernel import Kernel
from tests.simulation.push import completion_message, push, status_message
from tests.simulation.world_model import (
    GOOD,
    HOME,
    IMAGE,
    TRIGGER_ID,
    ModelBuild,
    ModelExecution,
    ModelPlace,
    WorldModel,
)
from verifier.controller.budget import Deployment
from verifier.controller.ledger import BUILDS, Ledger
from verifier.controller.quota.held_calls import Api
from verifier.controller.quota.metered import MeteredServices
from verifier.controller.quota.quota import Quota
from verifier.facts.execution import JobName
from verifier.services import Document

TIMEOUT_SECONDS = 120
"""As Terraform sets it."""
_LATE_SECONDS = 1560.0
"""A listing is due five minutes after the last one, and the first a quarter of an hour after installation; it is late
ten minutes after that. A minute is a sweep's own."""
SOURCE_ONLY = "5e1a6b58-0c93-4f0e-8d06-3a7f1f0d9a11"
"""A trigger that has no worker."""
_POLICY = POLICY.replace("[slack]\nname_submitter = true\n", "[slack]\npost_verified_worker = false\n")


def places_of(projects: int, regions: int) -> list[ModelPlace]:
    """Return every region of so many projects; the first is the simulation's own."""
    names = [(HOME.project, HOME.number), *((f"team-{n:03}", f"77{n:010}") for n in range(1, projects))]
    locations = [HOME.region, *(f"region-{n}" for n in range(1, regions))]
    return [ModelPlace(project, number, region) for project, number in names for region in locations]


@cache
def _main_of(places: Sequence[ModelPlace]) -> ModuleType:
    """Return `main.py` with settings for these places."""
    settings = {
        "VERIFIER_PROJECTS": ",".join(sorted({f"{place.project}={place.number}" for place in places})),
        "VERIFIER_REGIONS": ",".join(sorted({place.region for place in places})),
        "VERIFIER_TIMEOUT": str(TIMEOUT_SECONDS),
        "VERIFIER_SLACK_TOKEN": "xoxb-modelled",
        "VERIFIER_SLACK_CHANNEL": "C0ORCHARD",
    }
    return loaded("modelled_main", settings, _POLICY)


class LoadModel:
    """All of it. Each row of the table makes one of its own."""

    def __init__(
        self,
        *,
        places: Sequence[ModelPlace] = (HOME,),
        quotas: Mapping[Api, int] | None = None,
        instances: int = INSTANCES,
        jobs: Sequence[JobName] = (),
    ) -> None:
        """`quotas`: calls a minute of an API that the service takes, and that the settings name.

        `jobs`: whose runs are seen, beside the worker's.
        """
        self.jobs = tuple(jobs)
        self.kernel = Kernel()
        self.random = Random(20261128)
        self.places = places
        self.world = WorldModel(self.kernel, self.random, is_own_image=True, waits=(1.0, 5.0), lasts=(20.0, 30.0))
        self.calls = ModelCalls(self.kernel)
        self.services = ModelServices.of(self.calls, self.world)
        self.judged: dict[str, float] = {}
        """When each build's verdict was saved."""
        self.verdicts = Counter[str]()
        self.reasons = Counter[str]()
        """Why verdicts are INCONCLUSIVE."""
        self.sweeps = Counter[str]()
        """How sweeps say that they ended."""
        self._said = 0
        self.warnings = Counter[str]()
        self.listings: dict[tuple[str, str], list[float]] = defaultdict(list)
        """When each place was listed."""
        self.services.store.wrote = self._wrote
        self.services.builds.listed = lambda project, location: self.listings[project, location].append(
            self.kernel.seconds
        )
        limits = quotas or {}
        self.services.builds.quota.per_minute = limits.get(Api.BUILDS, 0)
        self.services.logs.quota.per_minute = limits.get(Api.LOGGING, 0)
        self.platform = PushPlatform(self.kernel, [self._instance(limits) for _ in range(instances)])
        if self.services.work_topic is not None:
            self.services.work_topic.send = lambda item: self.platform.send("/work", push(json.dumps(item).encode()))
        self.world.ended = self._completed

    def _instance(self, limits: Mapping[Api, int]) -> EntryPoint:
        numbers = itertools.count(1)
        main = _main_of(tuple(self.places))
        quota = Quota(self.services, lambda api, _: limits.get(api, 0))
        metered = MeteredServices(self.services, quota, lambda _: HOME.project)
        nonces = self.random.randbytes(8).hex()
        ledger = Ledger(
            self.services.store,
            self.kernel.clock,
            timedelta(seconds=main.SETTINGS.lease_seconds),
            lambda: f"{nonces}{next(numbers):016x}",
        )
        deployment = Deployment(
            metered,
            replace(main.POLICY, jobs=self.jobs),
            ledger,
            "modelled",
            channel="C0ORCHARD",
            home=HOME.project,
            listings=metered.listings,
        )
        return EntryPoint(deployment, self._log, lambda: False, main)

    def _log(self, severity: str, message: str, **fields: object) -> None:
        if "sweep" in fields:
            self.sweeps[str(fields["sweep"])] += 1
            self._said += fields["sweep"] == "completed" and self._has_late_place()
        elif severity in ("WARNING", "ERROR"):
            self.warnings[re2.sub("[0-9]+|team-[0-9]+", "", message)[:90]] += 1

    def _has_late_place(self) -> bool:
        """Return whether a place was not listed for longer than may be, by the world's own account."""
        since = self.kernel.seconds - _LATE_SECONDS
        return since > 0 and any(
            not (listed := self.listings[place.project, place.region]) or listed[-1] < since for place in self.places
        )

    def false_completions(self) -> int:
        """Return how many sweeps said that all places are listed while one was not."""
        return self._said

    def _wrote(self, collection: str, name: str, document: Document) -> None:
        judgement = document.get("judgement") if collection == BUILDS else None
        if judgement and name not in self.judged:
            self.judged[name] = self.kernel.seconds
            self.verdicts[judgement["verdict"]] += 1
            if judgement["verdict"] == "INCONCLUSIVE":
                self.reasons.update(f["seen"][:80] for f in judgement["findings"] if f["outcome"] == "could-not-check")

    def _completed(self, run: ModelExecution) -> None:
        self.platform.send("/executions", completion_message(run.build, run.name), 1.0)

    def build(
        self,
        number: int,
        finishes: float,
        behaviour: str = GOOD,
        *,
        trigger: str = TRIGGER_ID,
        place: ModelPlace = HOME,
        announced: bool = True,
    ) -> ModelBuild:
        """Add a build that finishes then; Pub/Sub hears of it, unless it is not announced."""
        begins = max(finishes - 60.0, 0.0)
        image = IMAGE if trigger == TRIGGER_ID else f"{IMAGE}-site"
        made = self.world.build(number, begins, finishes, behaviour, trigger=trigger, image=image, place=place)
        self.services.builds.add(made)
        if announced:
            self.kernel.at(finishes, lambda: self.platform.send("/builds", status_message(made, "SUCCESS")))
        return made

    def install(self) -> None:
        """Sweep once: what finished before that is none of the verifier's business."""
        self.platform.send("/sweep", push(b"{}"))
        self.kernel.run(self.kernel.seconds + TIMEOUT_SECONDS)

    def sweep_until(self, until: float) -> None:
        """Send the sweep every minute until then."""
        self.platform.sweeps(push(b"{}"), until)

    def delays(self, made: Sequence[ModelBuild]) -> list[float]:
        """Return how long after its end each build was judged, in order; infinity where it was not."""
        return sorted(self.judged.get(one.key.digest, float("inf")) - one.finishes for one in made)
