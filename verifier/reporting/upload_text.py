"""What was found in an upload, in sentences: its files, how they differ from the upload before, names like secrets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from verifier.facts.upload.summary import UploadDifference, UploadSummary
from verifier.redact import excerpt

_SHOWN = 3
_MOST_NAME = 80
_MOST_REASON = 300


@dataclass(frozen=True, slots=True)
class UploadBefore:
    """The upload before of the same image."""

    build: str
    """The id of the build that was made from it."""
    seconds: float
    """How long before."""
    difference: UploadDifference | None
    """None: they are not the same, and the archive can't be read any more to say how they differ."""


def upload_sentences(summary: UploadSummary, before: UploadBefore | None, bucket: str) -> str:
    """Return what was found in an upload which lies in this bucket."""
    return " ".join((_files(summary, before), *_secrets(summary, bucket)))


def unread_sentence(why: str) -> str:
    """Return that an upload was not read, and why."""
    return f"What was uploaded was not read: {excerpt(why, _MOST_REASON)}."


def _files(summary: UploadSummary, before: UploadBefore | None) -> str:
    start = f"Uploaded: {_counted(summary.files, 'file')}"
    if before is None:
        return f"{start}."
    of = f"build {excerpt(before.build, _MOST_NAME).partition('-')[0]}'s, {_ago(before.seconds)} before"
    match before.difference:
        case None:
            return f"{start}, other ones than {of}."
        case UploadDifference(count=0):
            return f"{start}, the very same as {of}: building again changed nothing."
        case UploadDifference(count=count):
            return f"{start}; {count:,} {'differs' if count == 1 else 'differ'} from {of}."


def _secrets(summary: UploadSummary, bucket: str) -> Iterator[str]:
    if not summary.secret_count:
        return
    names = ", ".join(excerpt(path, _MOST_NAME) for path in summary.secrets[:_SHOWN])
    more = f" and {summary.secret_count - _SHOWN:,} more" if summary.secret_count > _SHOWN else ""
    place = f"gs://{excerpt(bucket, _MOST_NAME)}"
    if summary.secret_count == 1:
        yield f"{names} is named like a secret, was uploaded and is now in {place}."
    else:
        yield f"{names}{more} are named like secrets, were uploaded and are now in {place}."


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def _ago(seconds: float) -> str:
    """Return a span of time as people say it."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _counted(max(round(seconds), 0), "second")
    if minutes < 120:
        return _counted(minutes, "minute")
    hours = round(seconds / 3600)
    return _counted(hours, "hour") if hours < 48 else _counted(round(seconds / 86_400), "day")
