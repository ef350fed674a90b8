"""The kinds of work, a row each; and how one piece is done.

Work is a document that has a due time. A work message names its kind and the document, and is a hint like any other:
what is due is read in the ledger. A message that was lost is sent again by a sweep; one that comes twice, early, late,
or for what is done costs a read.

To add a kind, add a row to `KINDS`. Its handler has to take the document under a lease first, which gives it a due time
as well, so that it comes back whatever happens.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from traceback import format_exception

from verifier.config import Watched
from verifier.controller.budget import LEDGER_SECONDS, Budget, Deployment
from verifier.controller.cutting import cut_record
from verifier.controller.ledger import BUILDS, MARKS
from verifier.controller.listing import list_place
from verifier.controller.places import is_watched, pass_by, shown_place
from verifier.controller.reconcile import resume
from verifier.controller.runs.baselines import BASELINES
from verifier.controller.runs.job_runs import JOBS, RUNS
from verifier.controller.runs.job_work import shown, work_job
from verifier.controller.runs.past import PAST, list_past
from verifier.controller.signals import record_unreadable
from verifier.controller.slack.afterwards import tell_afterwards
from verifier.controller.slack.channel import CHANNELS
from verifier.controller.slack.channel_queue import WaitsForSlack, work_channel
from verifier.controller.slack.channel_state import parse_channel
from verifier.controller.slack.told_afterwards import ToldAfterwards
from verifier.controller.uploads import UPLOADS, read_upload
from verifier.controller.watch.read_back import read_back
from verifier.controller.watch.watch_document import WATCHES
from verifier.controller.watch.window import place_of, read_window, title_of_run
from verifier.controller.watch.work_watch import work_watch
from verifier.errors import Malformed, VerifierError
from verifier.facts.execution import parse_job_name
from verifier.services import Document, Stored
from verifier.times import show_time

_SKEW = timedelta(seconds=5)
"""By so much may the clock of the instance that does the work be behind the one that handed it out."""
_PUT_OFF = timedelta(hours=1)
NOBODY = ("", "")
"""Whose work it is that asks no project anything: all of it together has one turn, and says nothing about a project."""


@dataclass(frozen=True, slots=True)
class WorkContext:
    """What a piece of work is done with."""

    deployment: Deployment
    watched: Watched
    budget: Budget
    pages: int = 20
    """The most pages of one listing: fewer where other places wait for their turn in the same process."""


@dataclass(frozen=True, slots=True)
class WorkDone:
    """How a piece of work went."""

    trouble: str = ""
    """What went wrong, empty when nothing did; the ledger has a due time for it."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""
    found: int = 0
    """Builds without a record that a listing found."""
    unsaid: bool = False
    """Slack alone has not heard."""
    labels: Mapping[str, str] = field(default_factory=dict, compare=False)
    """The project, location and build that it was for, as far as there are such, by the names that log lines have."""


@dataclass(frozen=True, slots=True)
class WorkKind:
    """A kind of work."""

    word: str
    """What a message calls it."""
    collection: str
    """Where its documents are."""
    field: str
    """The field of a document that says when it is due."""
    owner: Callable[[Document], tuple[str, str]]
    """The project that the work is for, and the location: projects take turns, and neither's trouble is the others'."""
    owner_fields: tuple[str, ...]
    """The fields of a document that say so."""
    handle: Callable[[str, Stored, WorkContext], WorkDone]
    """Takes the document under a lease, and does what is to be done now. May raise what the controller raises."""
    title: Callable[[str, Document], str]
    """What people call a piece of it, by its name and document."""


def _resume_record(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    try:
        progress = resume(stored, at.deployment, at.budget)
    except Malformed as error:
        at.deployment.signal(record_unreadable(name, error))
        _put_off(name, stored, at)
        raise
    return WorkDone(progress.trouble, unsaid=progress.unsaid)


def _put_off(name: str, stored: Stored, at: WorkContext) -> None:
    """Put off a record that this version can't read, written by a later one perhaps. Raises ServiceError.

    It must not stand before all others at each sweep.
    """
    due = show_time(at.deployment.services.clock() + _PUT_OFF)
    document = {**stored.document, "due": due, "unsaid": None, "queue": None}
    at.deployment.services.store.replace(
        BUILDS, name, document, stored.revision, timeout=at.budget.seconds(LEDGER_SECONDS)
    )


def _list(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    if not is_watched(stored.document, at.watched):
        pass_by(at.deployment, name, stored, at.budget)
        return WorkDone(ignored="its place is not watched any more")
    return WorkDone(found=list_place(name, stored, at.deployment, at.budget, at.pages))


def _post(_name: str, stored: Stored, at: WorkContext) -> WorkDone:
    """Work off a channel's queue, as far as it can be done now."""
    troubles: list[str] = []
    for _ in channel_steps(stored.document, at, troubles):
        pass
    return WorkDone("; ".join(troubles), unsaid=True)


def channel_steps(channel: Document, at: WorkContext, troubles: list[str]) -> Generator[str]:
    """Yield after each record of the channel's queue that was taken up; what goes wrong is added to the troubles.

    Raises ServiceError when the ledger can't be reached, and Stopping.
    """

    def resumed(name: str, stored: Stored, mine: Deployment) -> bool:
        done = _handle(RECORD, name, stored, replace(at, deployment=mine))
        if done.trouble:
            troubles.append(done.trouble)
        return not done.unsaid

    def told(item: WaitsForSlack, mine: Deployment) -> ToldAfterwards:
        done = tell_afterwards(item, mine, at.budget)
        if done.trouble:
            troubles.append(done.trouble)
        return done

    return work_channel(parse_channel(channel).name, at.deployment, at.budget, resumed, told)


def _read_upload(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    read = read_upload(name, stored, at.deployment, at.budget)
    return WorkDone(read.trouble, read.ignored)


def _list_past(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    return WorkDone(ignored=list_past(name, stored, at.deployment, at.budget, at.pages))


def _work_job(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    try:
        worked = work_job(name, stored, at.deployment, at.watched, at.budget, at.pages)
    except Malformed:
        _much_later(JOBS, "due", name, stored, at)
        raise
    return WorkDone(worked.trouble, worked.ignored)


def _title_of_job(_: str, job: Document) -> str:
    try:
        return f"job {shown(parse_job_name(str(job.get('job'))))}"
    except Malformed:
        return "a job that can't be read"


def _read_window(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    try:
        read = read_window(name, stored, at.deployment, at.watched, at.budget)
    except Malformed:
        _much_later(RUNS, "reading", name, stored, at)
        raise
    return WorkDone(read.trouble, read.ignored)


def _work_watch(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    try:
        worked = work_watch(name, stored, at.deployment, at.budget)
    except Malformed:
        _much_later(WATCHES, "due", name, stored, at)
        raise
    return WorkDone(worked.trouble, worked.ignored)


def _read_back(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    try:
        done = read_back(stored, at.deployment, at.watched, at.budget)
    except Malformed:
        _much_later(BASELINES, "due", name, stored, at)
        raise
    return WorkDone(done.trouble, done.ignored)


def _much_later(collection: str, field: str, name: str, stored: Stored, at: WorkContext) -> None:
    """Put off what a later version wrote, perhaps: it must not stand before all others at each sweep."""
    later = {**stored.document, field: show_time(at.deployment.services.clock() + _PUT_OFF)}
    at.deployment.services.store.replace(
        collection, name, later, stored.revision, timeout=at.budget.seconds(LEDGER_SECONDS)
    )


def _cut(name: str, stored: Stored, at: WorkContext) -> WorkDone:
    cut_record(name, stored, at.deployment, at.budget)
    return WorkDone()


def _owner_of_record(record: Document) -> tuple[str, str]:
    key = record.get("key")
    named = key if isinstance(key, Mapping) else {}
    return str(named.get("project", "")), str(named.get("location", ""))


def _owner_of_place(cursor: Document) -> tuple[str, str]:
    return str(cursor.get("project", "")), str(cursor.get("location", ""))


PLACE = WorkKind(
    word="place",
    collection=MARKS,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location"),
    handle=_list,
    title=lambda _, cursor: shown_place(cursor),
)
CHANNEL = WorkKind(
    word="channel",
    collection=CHANNELS,
    field="due",
    owner=lambda channel: (f"Slack channel {channel.get('name')}", "Slack"),
    owner_fields=("name",),
    handle=_post,
    title=lambda _, channel: f"Slack channel {channel.get('name') or 'of the webhook'}",
)
RECORD = WorkKind(
    word="record",
    collection=BUILDS,
    field="due",
    owner=_owner_of_record,
    owner_fields=("key",),
    handle=_resume_record,
    title=lambda name, _: f"record {name}",
)
UPLOAD = WorkKind(
    word="upload",
    collection=UPLOADS,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location", "id"),
    handle=_read_upload,
    title=lambda _, upload: f"upload of build {upload.get('id')}",
)
PAST_BUILDS = WorkKind(
    word="past",
    collection=PAST,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location"),
    handle=_list_past,
    title=lambda _, listing: f"builds of before of {shown_place(listing)}",
)
CUT = WorkKind(
    word="cut",
    collection=BUILDS,
    field="cut_due",
    owner=lambda _: NOBODY,
    owner_fields=("key",),
    handle=_cut,
    title=lambda name, _: f"record {name}, to be cut",
)
JOB = WorkKind(
    word="job",
    collection=JOBS,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location", "job"),
    handle=_work_job,
    title=_title_of_job,
)
WINDOW = WorkKind(
    word="window",
    collection=RUNS,
    field="reading",
    owner=place_of,
    owner_fields=("job", "execution", "ended"),
    handle=_read_window,
    title=title_of_run,
)
WATCH = WorkKind(
    word="watch",
    collection=WATCHES,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location", "job"),
    handle=_work_watch,
    title=lambda name, watch: f"watch of {_title_of_job(name, watch)}",
)
BASELINE = WorkKind(
    word="baseline",
    collection=BASELINES,
    field="due",
    owner=_owner_of_place,
    owner_fields=("project", "location", "job"),
    handle=_read_back,
    title=lambda name, baseline: f"logs of before of {_title_of_job(name, baseline)}",
)
OF_RUNS = (PAST_BUILDS, JOB, WINDOW, WATCH, BASELINE)
"""Of these there is work only where jobs are watched."""
KINDS: Mapping[str, WorkKind] = {kind.word: kind for kind in (PLACE, CHANNEL, RECORD, UPLOAD, CUT, *OF_RUNS)}


def kinds_of(deployment: Deployment) -> list[WorkKind]:
    """Return the kinds of which this deployment has work: a sweep asks for no others."""
    unwanted = [
        *([] if deployment.services.uploads is not None else [UPLOAD]),
        *([] if deployment.policy.watched_jobs else OF_RUNS),
    ]
    return [kind for kind in KINDS.values() if kind not in unwanted]


def do_work(word: str, name: str, at: WorkContext) -> WorkDone:
    """Do one piece of work, if it is due.

    Raises ServiceError and Stopping only where the document could not be read: whatever goes wrong later is in what is
    returned, for the ledger has a due time.
    """
    kind = KINDS.get(word)
    if kind is None:
        return WorkDone(ignored=f"{word} {name}: expected a kind of work that this version knows ({', '.join(KINDS)})")
    store, clock = at.deployment.services.store, at.deployment.services.clock
    stored = store.read(kind.collection, name, timeout=at.budget.seconds(LEDGER_SECONDS))
    if stored is None:
        return WorkDone(ignored=f"{word} {name}: expected a document of {kind.collection}, got none of this name")
    title, due = kind.title(name, stored.document), stored.document.get(kind.field)
    if not isinstance(due, str) or due > show_time(clock() + _SKEW):
        return WorkDone(ignored=f"{title}: {f'not due before {due}' if due else 'done, or never due'}")
    return _handle(kind, name, stored, at)


def _handle(kind: WorkKind, name: str, stored: Stored, at: WorkContext) -> WorkDone:
    """Have it done, unless calls for its project or location hang; and take notice of whether they do."""
    clock, breaker = at.deployment.services.clock, at.deployment.breaker
    title, owner, began = kind.title(name, stored.document), kind.owner(stored.document), clock()
    if breaker.is_open(*owner, began):
        return WorkDone(ignored=f"{title}: put off, because calls for {' or '.join(owner)} fail in a row")
    try:
        done = kind.handle(name, stored, at)
    except VerifierError as error:
        done = WorkDone(str(error))
    except Exception as error:  # noqa: BLE001 - a defect met in one must not keep all others waiting
        done = WorkDone("".join(format_exception(error)).strip())
    now = clock()
    failed = bool(done.trouble) and not done.unsaid
    breaker.note(*owner, failed=failed, seconds=(now - began).total_seconds(), now=now)
    said = f"{title}: {done.trouble}" if done.trouble else ""
    return replace(done, trouble=said, labels=_labels(owner, stored.document))


def _labels(owner: tuple[str, str], document: Document) -> dict[str, str]:
    named = document.get("key")
    build = str(named.get("id", "")) if isinstance(named, Mapping) else ""
    return dict(zip(("project", "location"), owner, strict=True)) | ({"build": build} if build else {})
