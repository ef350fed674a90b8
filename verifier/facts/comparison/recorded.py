"""What a build's document says of the archive that it was made from, besides its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from verifier.facts.source import Upload

_URL_SAFE = str.maketrans("-_", "+/")


def recorded_hashes(document: Mapping[str, Any], upload: Upload) -> dict[str, str]:
    """Return the hashes that the build recorded of its archive, by kind (`MD5`, `SHA256`), as base64; none where none.

    Cloud Build writes them once the source is fetched, under the object's name with its generation. gcloud prints them
    in the alphabet that is safe in addresses.
    """
    provenance = document.get("sourceProvenance")
    by_place = provenance.get("fileHashes") if isinstance(provenance, Mapping) else None
    if not isinstance(by_place, Mapping):
        return {}
    entry = by_place.get(f"gs://{upload.bucket}/{upload.object}#{upload.generation}")
    hashes = entry.get("fileHash") if isinstance(entry, Mapping) else None
    found = {}
    for each in hashes if isinstance(hashes, list) else []:
        if isinstance(each, Mapping) and isinstance(each.get("type"), str) and isinstance(each.get("value"), str):
            found[each["type"]] = each["value"].translate(_URL_SAFE)
    return found
