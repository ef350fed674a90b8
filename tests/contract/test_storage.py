"""Cloud Storage over a real socket: exactly the file that was built is read, or it is said why not."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace
from hashlib import md5, sha256
from time import monotonic

import pytest

from tests.unit.facts.upload.archives import Entry, blob, tgz, zipped
from verifier.adapters.storage import CloudStorage
from verifier.errors import Denied, Missing, Refused, Unavailable, UnreadableUpload
from verifier.facts.upload import Limits, UploadListing
from verifier.facts.upload.archive import Archive
from verifier.standin.faults import Fault, Faults
from verifier.standin.storage import StorageStandIn

CONTENT = tgz(Entry("app/main.py", b"print('hello')\n"), Entry("big", bytes(range(256)) * 2000))
OTHER = tgz(Entry("app/main.py", b"print('other')\n"))
BUCKET, OBJECT = "vividly-dev_cloudbuild", "source/1793697255.481132-39d1c221e0e5aa6e15c67179c887048f.tgz"


def hashes(content: bytes) -> dict[str, str]:
    return {
        "MD5": base64.b64encode(md5(content).digest()).decode(),
        "SHA256": base64.b64encode(sha256(content).digest()).decode(),
    }


ARCHIVE = Archive(BUCKET, OBJECT, "17", hashes(CONTENT))


@dataclass(frozen=True, slots=True)
class StorageBench:
    """The stand-in and what reads from it."""

    server: StorageStandIn
    faults: Faults

    def listed(
        self, archive: Archive = ARCHIVE, *, billed: str = "", timeout: float = 20, limits: Limits | None = None
    ) -> UploadListing:
        storage = CloudStorage(self.server.address, billed)
        return storage.list_files(archive, limits=limits or Limits(), timeout=timeout)

    @property
    def queries(self) -> list[dict[str, str]]:
        return [dict(query) for query in self.server.bucket(BUCKET).asked]


@pytest.fixture
def bench() -> Iterator[StorageBench]:
    faults = Faults()
    with StorageStandIn(faults) as server:
        server.put(BUCKET, OBJECT, "17", CONTENT)
        yield StorageBench(server, faults)


def test_exactly_the_generation_that_was_built_is_read_in_two_requests(bench: StorageBench) -> None:
    listing = bench.listed()
    assert listing.files["app/main.py"].blob == blob(b"print('hello')\n")
    assert (listing.bytes, dict(listing.hashes)) == (len(CONTENT), hashes(CONTENT))
    assert bench.queries == [
        {"generation": "17", "fields": "size,md5Hash,generation"},
        {"generation": "17", "alt": "media"},
    ]


def test_a_zip_archive_is_read_in_the_same_way(bench: StorageBench) -> None:
    bench.server.put("run-sources-vividly-dev-us-central1", "services/api/1.zip", "3", zipped(Entry("a", b"hi")))
    listing = bench.listed(Archive("run-sources-vividly-dev-us-central1", "services/api/1.zip", "3"))
    assert (listing.form, list(listing.files)) == ("zip", ["a"])


def test_a_name_with_any_characters_is_asked_for_as_it_is(bench: StorageBench) -> None:
    name = "a b/ä%2F?x#y&z+.tgz"
    bench.server.put(BUCKET, name, "5", CONTENT)
    assert bench.listed(Archive(BUCKET, name, "5")).bytes == len(CONTENT)


def test_the_content_of_one_file_is_read_when_it_is_asked_for(bench: StorageBench) -> None:
    file = bench.listed().files["app/main.py"]
    storage = CloudStorage(bench.server.address)
    assert storage.content(ARCHIVE, file, limits=Limits(), timeout=20) == b"print('hello')\n"


def test_without_a_generation_the_newest_is_read_and_kept_to(bench: StorageBench) -> None:
    bench.listed(Archive(BUCKET, OBJECT, ""))
    assert bench.queries == [{"fields": "size,md5Hash,generation"}, {"generation": "17", "alt": "media"}]


def test_a_file_with_another_md5_than_the_build_recorded_is_not_read(bench: StorageBench) -> None:
    wrong = replace(ARCHIVE, hashes={"MD5": "AAAAAAAAAAAAAAAAAAAAAA=="})
    with pytest.raises(Refused, match="is not the file that was built: expected MD5 AAAAAAAAAAAAAAAAAAAAAA==, got "):
        bench.listed(wrong)
    assert bench.faults.calls == ("objects.get",)


def test_a_hash_that_the_service_does_not_tell_is_held_against_what_was_read(bench: StorageBench) -> None:
    wrong = replace(ARCHIVE, hashes=hashes(CONTENT) | {"SHA256": "AAAA"})
    with pytest.raises(Refused, match="is not the file that was built: expected SHA256 AAAA, got "):
        bench.listed(wrong)


def test_a_file_that_is_gone_is_told_with_how_it_may_be_had_again(bench: StorageBench) -> None:
    bench.server.delete(BUCKET, OBJECT)
    with pytest.raises(Missing, match=r"#17 is gone: .*; within 7 days.*: gcloud storage restore gs://.*#17"):
        bench.listed()


def test_a_file_that_was_overwritten_is_not_read(bench: StorageBench) -> None:
    bench.server.put(BUCKET, OBJECT, "18", OTHER)
    with pytest.raises(Missing, match="#17 was overwritten: the bucket has generation 18 of it"):
        bench.listed()
    assert "media" not in str(bench.queries)


def test_a_restored_file_is_read_where_the_builds_own_hash_says_that_it_is_the_same(bench: StorageBench) -> None:
    bench.server.put(BUCKET, OBJECT, "18", CONTENT)
    assert bench.listed().bytes == len(CONTENT)
    assert bench.queries[-1] == {"generation": "18", "alt": "media"}
    with pytest.raises(Missing, match="was overwritten"):
        bench.listed(replace(ARCHIVE, hashes={}))


@pytest.mark.parametrize("listable", [True, False])
def test_a_refusal_names_the_role(bench: StorageBench, *, listable: bool) -> None:
    bucket = bench.server.bucket(BUCKET)
    bucket.listable = listable
    if listable:
        bucket.readable = False
    else:
        bench.server.delete(BUCKET, OBJECT)
    with pytest.raises(Denied) as refused:
        bench.listed()
    assert f"needs storage.objects.get on bucket {BUCKET} (it is in roles/storage.objectViewer)" in str(refused.value)
    assert "or it is gone" in str(refused.value)


def test_a_bucket_whose_readers_pay_is_read_where_somebody_pays(bench: StorageBench) -> None:
    bench.server.bucket(BUCKET).requester_pays = True
    with pytest.raises(Refused, match=r"has its readers pay .*; name a project that pays"):
        bench.listed()
    assert bench.listed(billed="vividly-dev").bytes == len(CONTENT)
    assert bench.queries[-1]["userProject"] == "vividly-dev"


def test_nobody_pays_where_nobody_asks(bench: StorageBench) -> None:
    bench.listed(billed="vividly-dev")
    assert "userProject" not in str(bench.queries)


@pytest.mark.parametrize("call", ["objects.get", "objects.download"])
@pytest.mark.parametrize("status", ["503", "429", "500", "reset", "short"])
def test_a_passing_trouble_may_be_tried_again(bench: StorageBench, call: str, status: str) -> None:
    bench.faults.add(Fault(call, "before", status, retry_after=7))
    with pytest.raises(Unavailable, match="try again later") as failed:
        bench.listed()
    assert failed.value.retry_after == (7 if status.isdecimal() else None)
    assert bench.listed().bytes == len(CONTENT)


@pytest.mark.parametrize("status", ["302", "400", "412"])
def test_another_refusal_is_told(bench: StorageBench, status: str) -> None:
    bench.faults.add(Fault("objects.get", "before", status))
    with pytest.raises(Refused, match=f"refused with status {status}"):
        bench.listed()


@pytest.mark.parametrize("call", ["objects.get", "objects.download"])
def test_a_service_that_does_not_answer_is_given_up_in_time(bench: StorageBench, call: str) -> None:
    bench.faults.add(Fault(call, "hang"))
    start = monotonic()
    with pytest.raises(Unavailable):
        bench.listed(timeout=1)
    assert monotonic() - start < 5


def test_a_larger_file_than_is_read_is_not_begun(bench: StorageBench) -> None:
    with pytest.raises(UnreadableUpload, match="expected an archive of at most 1 KiB, got"):
        bench.listed(limits=Limits(archive=1024))
    assert bench.faults.calls == ("objects.get",)


def test_what_is_no_archive_is_said_to_be_none(bench: StorageBench) -> None:
    bench.server.put(BUCKET, "a.txt", "1", b"just text")
    with pytest.raises(UnreadableUpload, match="expected a tar or zip archive, got something else"):
        bench.listed(Archive(BUCKET, "a.txt", "1"))


def test_a_place_that_nobody_listens_at_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="got no answer"):
        CloudStorage("127.0.0.1:9").list_files(ARCHIVE, limits=Limits(), timeout=5)
