"""What an uploaded archive holds: names, modes and ids of its files, and none of their content.

An upload is a stranger's file: it may be a bomb, or name what lies outside. Nothing of it is written to a disk, and
what can't be read whole raises `errors.UnreadableUpload` with one sentence. What gcloud puts into one, and what it
leaves out, is written where it is read: `reading.py`, which nobody loads who reads none.
"""

from __future__ import annotations

from verifier.facts.upload.limits import Limits
from verifier.facts.upload.listing import UploadedFile, UploadListing

__all__ = ["Limits", "UploadListing", "UploadedFile"]
