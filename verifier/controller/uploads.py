"""What LOCAL_SOURCE builds were made from: work of its own, after the verdict, which it never changes.

 1 take      the work's document, under a lease
 2 fetch     the build again: which archive it was made from, and the hash that it recorded
 3 read      the archive, and where that still exists the one of the upload before of the same image
 4 save      what was found
 5 record    it in the audit trail
 6 remember  it as the last upload of its image
 7 tell      Slack, by an edit of the build's message

Nothing of the archive's content is kept. Whatever keeps it from being read is said in a sentence, and the work is done:
an archive that is too large today is so tomorrow. What passes is tried again some times, and so is a refusal: a
permission takes minutes to arrive.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from verifier.checks.judgement import Judgement
from verifier.checks.verdict import Verdict
from verifier.controller.attempt import Attempt
from verifier.controller.budget import CALL_SECONDS, LEDGER_SECONDS, Budget, Deployment
from verifier.controller.notes import note_on
from verifier.controller.notify import write_audit
from verifier.errors import Denied, Malformed, OutOfTime, ServiceError, Unavailable, UnreadableUpload
from verifier.facts.build import Build, BuildKey
from verifier.facts.source import Source, Upload
from verifier.facts.upload import Limits, UploadListing
from verifier.facts.upload.archive import Archive, archive_of
from verifier.facts.upload.limits import MIB
from verifier.facts.upload.summary import (
    UploadDifference,
    UploadSummary,
    difference,
    summary_document,
    summary_of,
)
from verifier.reporting.audit_entry import upload_entry
from verifier.reporting.note_text import UPLOAD
from verifier.reporting.upload_text import UploadBefore, unread_sentence, upload_sentences
from verifier.services import Document, Stored, Uploads
from verifier.times import parse_time, show_time

UPLOADS = "uploads"
"""The collection: a document for each upload that is to be read or was, by its build; and one for each image."""
LIMITS = Limits(archive=256 * MIB, entries=60_000)
SECONDS = 20.0
"""For reading, in all."""

_LEAST_SECONDS = SECONDS + LEDGER_SECONDS + 2 * CALL_SECONDS
_TRIES = 5
_FIRST_WAIT = timedelta(seconds=60)
_AGAIN_IN = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class UploadRead:
    """How the reading of one upload went."""

    trouble: str = ""
    """What went wrong, empty when nothing did; it is due again."""
    ignored: str = ""
    """Why nothing was done, empty when something was."""


def enqueue_upload(attempt: Attempt, source: Source, judgement: Judgement) -> None:
    """Have the upload of a LOCAL_SOURCE build read, where uploads are to be read. Raises ServiceError and Stopping."""
    is_wanted = judgement.verdict is Verdict.LOCAL_SOURCE and isinstance(source, Upload)
    if attempt.services.uploads is None or not is_wanted or attempt.record.upload:
        return
    key, now = attempt.key, show_time(attempt.now())
    document = {"project": key.project, "location": key.location, "id": key.id, "due": now, "tries": 0, "found": None}
    attempt.services.store.create(UPLOADS, key.digest, document, timeout=attempt.budget.seconds(LEDGER_SECONDS))
    attempt.note(upload=True)


def read_upload(name: str, stored: Stored, deployment: Deployment, budget: Budget) -> UploadRead:
    """Do all the steps for one document of the collection. Raises ServiceError and Stopping: it is due again then."""
    uploads, document = deployment.services.uploads, stored.document
    if uploads is None:
        _write(deployment, name, stored, {"due": None})
        return UploadRead(ignored="uploads are not to be read any more")
    if document["found"] is None and not budget.has(_LEAST_SECONDS):
        return UploadRead(ignored="put off: too little time is left of this invocation")
    key = BuildKey(document["project"], document["location"], document["id"])
    mine = _write(deployment, name, stored, {"due": show_time(_now(deployment) + deployment.ledger.lease)})  # 1
    if mine is not None and document["found"] is None:
        try:
            found = _find(key, deployment, uploads, budget)  # 2 and 3
        except (Unavailable, Denied) as error:
            if isinstance(error, OutOfTime):
                raise
            tries = document["tries"] + 1
            if tries < _TRIES:
                due = _now(deployment) + _FIRST_WAIT * 2 ** (tries - 1)
                _write(deployment, name, mine, {"due": show_time(due), "tries": tries})
                return UploadRead(str(error))
            found = _unread(str(error))
        except (ServiceError, Malformed, UnreadableUpload) as error:
            found = _unread(str(error))
        mine = _write(deployment, name, mine, {"found": found, "read": show_time(_now(deployment))})  # 4
    if mine is None:
        return UploadRead(ignored="another invocation has it")
    _record(key, mine.document, deployment, budget)  # 5
    _remember(mine.document["found"], deployment, budget)  # 6
    try:
        note = {"kind": UPLOAD, "key": UPLOAD, "said": mine.document["found"]["said"]}
        note_on(deployment, key, note, budget)  # 7
    except Unavailable:
        # Its verdict is being told at this very moment: nothing went wrong.
        _write(deployment, name, mine, {"due": show_time(_now(deployment) + _AGAIN_IN)})
        return UploadRead(ignored="put off: another invocation has its build's record")
    _write(deployment, name, mine, {"due": None})
    return UploadRead()


def _write(deployment: Deployment, name: str, stored: Stored, changes: Mapping[str, Any]) -> Stored | None:
    """Write the document with these changes if it is as it was read; return None if it is not. Raises ServiceError."""
    document = {**stored.document, **changes}
    return deployment.services.store.replace(UPLOADS, name, document, stored.revision, timeout=LEDGER_SECONDS)


def _now(deployment: Deployment) -> datetime:
    return deployment.services.clock()


# 2 fetch and 3 read


@dataclass(frozen=True, slots=True)
class _ArchiveReader:
    """Reads archives until its time is up."""

    deployment: Deployment
    uploads: Uploads
    until: datetime

    def listing(self, archive: Archive) -> UploadListing:
        left = (self.until - _now(self.deployment)).total_seconds()
        if left <= 0:
            raise UnreadableUpload(f"expected to read it within {SECONDS:g} s")
        return self.uploads.list_files(archive, limits=LIMITS, timeout=left)


def _find(key: BuildKey, deployment: Deployment, uploads: Uploads, budget: Budget) -> Document:
    """Return what is found in the upload of this build. Raises what keeps it from being read."""
    build = deployment.services.builds.fetch(key, timeout=budget.seconds(CALL_SECONDS))
    archive = archive_of(build)
    if archive is None or build.key != key:
        raise Malformed("expected a build of an upload, got another one")
    image = _image(build)
    last = _last(image, deployment, budget)
    reader = _ArchiveReader(deployment, uploads, _now(deployment) + timedelta(seconds=budget.seconds(SECONDS)))
    listing = reader.listing(archive)
    summary = summary_of(listing, archive)
    before = _before(build, summary, listing, last, reader) if last else None
    return {
        "archive": archive.uri,
        "upload": summary_document(summary),
        "before": _before_document(before) if before else None,
        "said": upload_sentences(summary, before, archive.bucket),
        "last": {
            "image": image,
            "build": key.name,
            "id": key.id,
            "created": show_time(build.created) if build.created else "",
            "tree": summary.tree,
            "archive": {"bucket": archive.bucket, "object": archive.object, "generation": archive.generation},
            "hashes": dict(listing.hashes),
        },
    }


def _unread(why: str) -> Document:
    return {"archive": None, "upload": None, "before": None, "said": unread_sentence(why), "last": None}


def _image(build: Build) -> str:
    """Return the name without a tag of the first image that the build pushed, or empty."""
    name = build.images[0].name if build.images else ""
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition("@")[0].partition(":")[0]


def _before(
    build: Build, summary: UploadSummary, listing: UploadListing, last: Document, reader: _ArchiveReader
) -> UploadBefore | None:
    """Return how the upload before differs; None where there is none before, or nothing certain can be said."""
    if last["build"] == build.key.name or not last["created"] or build.created is None:
        return None
    seconds = (build.created - parse_time(last["created"])).total_seconds()
    if seconds < 0:
        return None
    if (summary.tree and summary.tree == last["tree"]) or last["hashes"]["SHA256"] == listing.hashes["SHA256"]:
        return UploadBefore(last["id"], seconds, UploadDifference())
    place = last["archive"]
    archive = Archive(place["bucket"], place["object"], place["generation"], last["hashes"])
    try:
        found = difference(reader.listing(archive), listing)
    except (ServiceError, UnreadableUpload):
        return UploadBefore(last["id"], seconds, None)
    # None differs, and the archives do: they hold more than files, of which nothing is said.
    return UploadBefore(last["id"], seconds, found) if found.count else None


def _before_document(before: UploadBefore) -> Document:
    found = before.difference
    counts = {"changed": found.changed, "new": found.new, "gone": found.gone} if found else None
    is_same = found is not None and found.count == 0
    return {"build": before.build, "seconds": before.seconds, "same": is_same, "differs": counts}


# 5 record, 6 remember


def _record(key: BuildKey, document: Document, deployment: Deployment, budget: Budget) -> None:
    """Write the audit entry. Raises ServiceError. Written again it is the same one."""
    entry = upload_entry(key, document["found"], parse_time(document["read"]))
    write_audit(deployment, entry, budget.seconds(CALL_SECONDS))


def _image_name(image: str) -> str:
    return f"image-{sha256(image.encode()).hexdigest()}"


def _last(image: str, deployment: Deployment, budget: Budget) -> Document | None:
    """Return what is remembered of the last upload of this image. Raises ServiceError."""
    if not image:
        return None
    stored = deployment.services.store.read(UPLOADS, _image_name(image), timeout=budget.seconds(LEDGER_SECONDS))
    return stored.document if stored else None


def _remember(found: Document, deployment: Deployment, budget: Budget) -> None:
    """Let this be the last upload of its image, unless a later one is. Raises ServiceError.

    Where another invocation writes at the same moment one of the two stays: the next upload is compared with that one.
    """
    last, store = found["last"], deployment.services.store
    if last is None or not last["image"]:
        return
    name = _image_name(last["image"])
    stored = store.read(UPLOADS, name, timeout=budget.seconds(LEDGER_SECONDS))
    if stored is None:
        store.create(UPLOADS, name, {**last, "due": None}, timeout=budget.seconds(LEDGER_SECONDS))
    elif last["created"] >= stored.document["created"]:
        store.replace(UPLOADS, name, {**last, "due": None}, stored.revision, timeout=budget.seconds(LEDGER_SECONDS))
