"""What a build deserves to be judged, by what truly is; and what excuses a judgement that could not see all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.simulation.kernel import BEGINNING
from tests.simulation.world_model import FLAKY, GOOD, MAPPER, STUCK, TRUE_VERDICT
from verifier.checks.policy import Deadlines
from verifier.errors import ServiceError, Unavailable
from verifier.facts.build import TERMINAL
from verifier.times import parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.simulation.world_model import ModelBuild, ModelExecution, WorldModel
    from verifier.services import Document

LEASE_SECONDS = 120.0
_START, _RUN, _LOGS = (span.total_seconds() for span in (Deadlines().start, Deadlines().run, Deadlines().logs))
_TRIES = 5
"""Failures before one that is taken to last."""
_BY_ITS_LOGS = (FLAKY, GOOD, MAPPER)
"""How an image behaves that only its logs show; any other is shown by its execution."""


def objection(
    made: ModelBuild, record: Document, world: WorldModel, known: Mapping[str, float], failures: Sequence[ServiceError]
) -> str:
    """Return what speaks against the judgement in this record, or nothing.

    `known`: since when the ledger has each digest. `failures`: of one step about its worker, attempt after attempt.
    """
    judgement = record["judgement"]
    verdict, decided = judgement["verdict"], _seconds(judgement["decided"])
    if made.done.status not in TERMINAL or decided < made.finishes:
        return "is judged before Cloud Build has finished it"
    if any("time is used up" in finding["seen"] for finding in judgement["findings"]):
        return "is judged by the shortness of an invocation"
    run = world.runs.get(record["execution"])
    if made.done.status != "SUCCESS" or not made.behaviour:
        deserved = "LOCAL_SOURCE" if made.done.status == "SUCCESS" else None
        return "" if verdict == deserved else f"deserves {deserved}, and was judged {verdict}"
    if run is None:
        return _against_no_run(made, record, world, failures)
    return (
        _against(made, record, run, failures, ignores_environment=world.ignores_environment)
        or _against_time(record, run, decided)
        or _against_others(record)
        or _against_known(made, record, world, decided)
        or ("" if _is_refused(failures) else _against_maker(made, record, run, world, known))
    )


def may_differ(made: ModelBuild, record: Document, world: WorldModel) -> bool:
    """Return whether another image ran in the place of this build's."""
    run = world.runs.get(record["execution"])
    return run is not None and run.digest != made.digest


def _is_refused(failures: Sequence[ServiceError]) -> bool:
    return len(failures) > _TRIES and not isinstance(failures[-1], Unavailable)


def _against_no_run(made: ModelBuild, record: Document, world: WorldModel, failures: Sequence[ServiceError]) -> str:
    """Return what speaks against a verdict that the worker was not started."""
    judgement = record["judgement"]
    if judgement["verdict"] != "INCONCLUSIVE":
        return f"is judged {judgement['verdict']} without a run that shows it"
    had_time = record["tried"] and _seconds(judgement["decided"]) >= _seconds(record["tried"]) + _START
    if not had_time and not _is_refused(failures):
        return "is INCONCLUSIVE before its worker had the time to start"
    begun = _seconds(record["lease_until"]) - LEASE_SECONDS
    is_there = any(run.build == made.key.name and run.created + world.lag < begun for run in world.runs.values())
    is_denied = any("no such execution" in finding["seen"] for finding in judgement["findings"])
    return "is said to have no execution, and has one" if is_there and is_denied else ""


def _against(
    made: ModelBuild,
    record: Document,
    run: ModelExecution,
    failures: Sequence[ServiceError],
    *,
    ignores_environment: bool,
) -> str:
    """Return what speaks for another verdict, if nothing excuses this one."""
    verdict, decided = record["judgement"]["verdict"], _seconds(record["judgement"]["decided"])
    deserved = TRUE_VERDICT[run.behaviour]
    if deserved == "VERIFIED" and run.digest != made.digest:
        deserved = "INCONCLUSIVE"  # that other image proves nothing about this one
    if ignores_environment or record["claimants"]:
        deserved = "INCONCLUSIVE"  # it may be anybody's
    if verdict == "VERIFIED" != deserved:
        return f"is VERIFIED without a run that shows it: it is {made.behaviour}"
    if verdict == deserved:
        return ""
    unseen = decided >= _seconds(record["tried"]) + _RUN or _is_refused(failures)
    unread = run.behaviour in _BY_ITS_LOGS and record["ended"] and decided >= _seconds(record["ended"]) + _LOGS
    is_excused = verdict == "INCONCLUSIVE" and (unseen or unread)
    return "" if is_excused else f"deserves {deserved}, and is judged {verdict} without an excuse"


def _against_time(record: Document, run: ModelExecution, decided: float) -> str:
    """Return what speaks against a judgement on what can't have been seen yet."""
    if record["judgement"]["verdict"] == "VERIFIED" and any(visible > decided for visible, _ in run.entries):
        return "is VERIFIED before all of its logs can be read"
    ended = run.created + _RUN if run.behaviour == STUCK else run.ended
    if record["judgement"]["verdict"] != "INCONCLUSIVE" and decided < ended:
        return "is judged by its run before the end of that"
    return "is said to have ended before it did" if record["ended"] and _seconds(record["ended"]) < ended else ""


def _against_others(record: Document) -> str:
    """Return an execution that was found beside the one that counts, and is not told of."""
    told = " ".join(finding["seen"] for finding in record["judgement"]["findings"])
    return next(
        (f"does not tell of {name}" for name in (*record["extras"], *record["claimants"]) if name not in told), ""
    )


def _against_known(made: ModelBuild, record: Document, world: WorldModel, decided: float) -> str:
    """Return what speaks against it that errors are said not to be new: no other build's worker had logged any."""
    others = (run for run in world.runs.values() if run.build != made.key.name and run.behaviour == MAPPER)
    if not record["judgement"]["known"] or any(run.started < decided for run in others):
        return ""
    return "calls its errors known, and no other build had them"


def _against_maker(
    made: ModelBuild, record: Document, run: ModelExecution, world: WorldModel, known: Mapping[str, float]
) -> str:
    """Return the objection that another build's image ran, and its maker is not named although the ledger knew it."""
    seen = [f["seen"] for f in record["judgement"]["findings"] if f["check"] == "worker_ran_the_built_image"]
    if run.digest == made.digest or not seen:
        return ""
    maker = next((other.key.name for other in world.builds.values() if other.digest == run.digest), "")
    begun = _seconds(record["lease_until"]) - LEASE_SECONDS
    is_known = bool(maker) and known.get(run.digest, begun) < begun
    excused = "could not be asked" in seen[0] and _seconds(record["judgement"]["decided"]) >= (
        _seconds(record["tried"]) + _RUN
    )
    return f"does not name {maker}, which made what ran" if is_known and maker not in seen[0] and not excused else ""


def _seconds(moment: str) -> float:
    return (parse_time(moment) - BEGINNING).total_seconds()
