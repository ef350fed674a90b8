"""Which archive a build was made from, as its document says: where it is, and by what it can be told to be the same.

The generation is proof: Cloud Storage never changes the bytes of one, and Cloud Build fetches the one that it names
("Fetching storage object", in its logs). Besides, the document may hold hashes of what was fetched: see `file_hashes`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from verifier.errors import Malformed
from verifier.facts.build import Build
from verifier.facts.source import Upload, source_of


@dataclass(frozen=True, slots=True)
class Archive:
    """An object of Cloud Storage that a build fetched."""

    bucket: str
    object: str
    generation: str
    """Empty where the document names none: another file may have taken its place since."""
    hashes: Mapping[str, str] = field(default_factory=dict)
    """What the build recorded of it: `MD5` or `SHA256`, as base64."""

    @property
    def uri(self) -> str:
        """Where it is, as gcloud writes it."""
        return f"gs://{self.bucket}/{self.object}" + (f"#{self.generation}" if self.generation else "")


def archive_of(build: Build) -> Archive | None:
    """Return the archive of a build that was made from one upload, or None for a build of another source.

    Raise Malformed as `archive_of_upload` does.
    """
    source = source_of(build)
    return archive_of_upload(build, source) if isinstance(source, Upload) else None


def archive_of_upload(build: Build, source: Upload) -> Archive:
    """Return the archive of a build whose source is known to be this upload.

    Raise Malformed for an upload that is a manifest: its files are stored one by one.
    """
    if "Manifest" in source.field:
        raise Malformed(
            "expected one archive, got a manifest of files that are stored one by one: "
            f"gs://{source.bucket}/{source.object}"
        )
    places = ((build.source or {}).get("storageSource"), build.provenance.get("resolvedStorageSource"))
    named = [str(place.get("generation") or "") for place in places if isinstance(place, Mapping)]
    generation = next((each for each in named if each not in ("", "0")), "")
    bare = Archive(source.bucket, source.object, generation)
    return Archive(source.bucket, source.object, generation, build.file_hashes.get(bare.uri, {}))


def staging_buckets(project: str, locations: Iterable[str]) -> list[str]:
    """Return the buckets that gcloud uploads to by itself for builds of a project.

    `builds submit` has one a project, in whose name the word google is turned round (`staging_bucket_util.py`), and
    `run deploy --source` one a region.
    """
    regions = sorted(set(locations) - {"global"})
    return [f"{project.replace('google', 'elgoog')}_cloudbuild", *(f"run-sources-{project}-{one}" for one in regions)]
