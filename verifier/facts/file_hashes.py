"""The hashes of fetched files that a build's document holds, by the address of the file.

Cloud Build records an MD5 where provenance was asked for (`requestedVerifyOption: VERIFIED`), and the kinds that
`options.sourceProvenanceHash` names (Cloud Build API, SourceProvenance.fileHashes).
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

_KINDS = ("MD5", "SHA256")
"""Those that can be checked while an archive is read."""
_MOST_FILES = 16
"""A manifest may have thousands; what is asked for is the one archive of an upload."""
_MOST_HASHES = 8
_LONGEST = 100
_STANDARD = str.maketrans("-_", "+/")
"""gcloud prints base64 in the form for addresses."""

FileHashes = Mapping[str, Mapping[str, str]]


def file_hashes(recorded: object) -> FileHashes:
    """Return what `fileHashes` says: by `gs://BUCKET/OBJECT#GENERATION`, each kind with its value as base64.

    What has another shape is passed over: a hash that is not there is told to be missing, and never to agree.
    """
    if not recorded or not isinstance(recorded, (dict, Mapping)):
        return {}
    return {
        address: found
        for address, part in islice(recorded.items(), _MOST_FILES)
        if isinstance(address, str) and (found := _hashes(part))
    }


def _hashes(part: object) -> Mapping[str, str]:
    listed = part.get("fileHash") if isinstance(part, (dict, Mapping)) else None
    found = {}
    for item in (listed if isinstance(listed, list) else [])[:_MOST_HASHES]:
        kind, value = (item.get("type"), item.get("value")) if isinstance(item, (dict, Mapping)) else ("", "")
        if kind in _KINDS and isinstance(value, str) and value:
            found[kind] = value[:_LONGEST].translate(_STANDARD)
    return found
