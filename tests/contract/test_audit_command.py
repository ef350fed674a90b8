"""`verifier audit`, from its words to its exit code, over the stand-in and over files."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import re2
from click.testing import CliRunner, Result

from tests.busy import LONG_SECONDS
from tests.contract.adapters import Google, google_standing
from tests.fixtures.builds import CASES, document
from verifier.adapters.cloud_run import CloudRunJobs
from verifier.cli.audit import audit
from verifier.cli.audit_input import MOST_TOLD
from verifier.facts.execution import JobName
from verifier.history.rows import CSV_COLUMNS
from verifier.standin.audit_logs import create_build_entry
from verifier.standin.clock import system_clock
from verifier.standin.faults import Fault
from verifier.standin.script import Script
from verifier.times import show_time

PROJECT, REGION = "vividly-dev", "us-central1"
IMAGE = f"us-central1-docker.pkg.dev/{PROJECT}/vividly/content-worker:latest"
SHA = "85cffd8a90cd4b1f7e0c2d3a4b5c6d7e8f901234"
ANA = "ana@vividly.example"
AGENT = "google-cloud-sdk gcloud/550.0.0 command/gcloud.builds.submit"
TRIGGER: dict[str, Any] = {
    "buildTriggerId": "7d4bb5b1",
    "substitutions": {"TRIGGER_NAME": "content-worker-main", "COMMIT_SHA": SHA},
}
GIT = {"url": "https://github.com/vividly/content-worker.git", "revision": SHA}
COMMIT: dict[str, Any] = {"source": {"gitSource": GIT}, "sourceProvenance": {"resolvedGitSource": GIT}, **TRIGGER}
PLACE = {"bucket": f"{PROJECT}_cloudbuild", "object": "source/1795399190.5-" + "0" * 32 + ".tgz", "generation": "1"}
UPLOAD: dict[str, Any] = {"source": {"storageSource": PLACE}, "sourceProvenance": {"resolvedStorageSource": PLACE}}


@pytest.fixture
def google() -> Iterator[Google]:
    with google_standing() as google:
        google.clock.advance((system_clock() - google.clock()).total_seconds())
        yield google


def a_build(google: Google, build_id: str, days: float, region: str = REGION, **fields: Any) -> dict[str, Any]:
    created = google.clock() - timedelta(days=days)
    return {
        "id": build_id,
        "name": f"projects/4711/locations/{region}/builds/{build_id}",
        "projectId": PROJECT,
        "status": "SUCCESS",
        "createTime": show_time(created),
        "finishTime": show_time(created + timedelta(minutes=2)),
        "results": {"images": [{"name": IMAGE, "digest": f"sha256:{build_id:0>64}"}]},
        **fields,
    }


def a_week(google: Google) -> None:
    """Put a commit, two uploads by Ana, a commit again, and a build that failed in another region."""
    for build in (
        a_build(google, "a", 6, **COMMIT),
        a_build(google, "b", 5, **UPLOAD),
        a_build(google, "c", 4, **UPLOAD),
        a_build(google, "d", 2, **COMMIT),
        a_build(google, "e", 1, "europe-west1", **(COMMIT | {"status": "FAILURE"})),
    ):
        google.cloud.put_build(build)
    google.cloud.put_entries(
        [
            create_build_entry(PROJECT, name, google.clock() - timedelta(days=days), ANA, AGENT)
            for name, days in (("b", 5), ("c", 4))
        ]
    )


def run(google: Google | None, *words: str, given: bytes = b"", **environment: str) -> Result:
    place = {"VERIFIER_GOOGLE_ENDPOINT": google.address if google else "", "GOOGLE_CLOUD_PROJECT": PROJECT}
    return CliRunner().invoke(audit, words, input=given, env=place | environment)


def exported(folder: Path, *cases: str) -> str:
    file = folder / "builds.json"
    file.write_text(json.dumps([document(case) for case in cases], indent=2))
    return str(file)


def test_the_past_of_every_region_is_told_with_who_and_how_long(google: Google) -> None:
    a_week(google)
    result = run(google)
    assert result.exit_code == 3
    day = {
        name: f"{google.clock() - timedelta(days=ago):%Y-%m-%d %H:%M}"
        for name, ago in zip("abcde", (6, 5, 4, 2, 1), strict=True)
    }
    image = IMAGE.removesuffix(":latest")
    flagged = [google.clock() - timedelta(days=ago) for ago in (4, 5)]
    form = "%d %b %H:%M" if flagged[0].year == flagged[1].year else "%Y-%m-%d %H:%M"
    rows = [f"{moment:{form}}".ljust(max(13, len(f"{moment:{form}}"))) for moment in flagged]
    assert result.stdout.splitlines() == [
        f"{'created (UTC)':{len(rows[0])}}  verdict       build     location     made by",
        f"{rows[0]}  LOCAL_SOURCE  c         us-central1  vividly/content-worker  {ANA} with gcloud builds submit",
        f"{rows[1]}  LOCAL_SOURCE  b         us-central1  vividly/content-worker  {ANA} with gcloud builds submit",
        "",
        f"5 builds, created from {day['a']} UTC to {day['e']} UTC",
        "        2  LOCAL_SOURCE",
        "        2  VERIFIED",
        "        1  not judged: FAILURE",
        "By whom (submitted by hand)",
        f"        2  {ANA}: 2 LOCAL_SOURCE",
        "By trigger",
        "        2  (by hand): 2 LOCAL_SOURCE",
        "        2  content-worker-main: 2 VERIFIED",
        "By image",
        f"        4  {image}: 2 LOCAL_SOURCE, 2 VERIFIED",
        "Longest on local source",
        f"    3d 0h  {image}: from {day['b']} UTC until {day['d']} UTC",
    ]
    assert result.stderr == ""


def test_nothing_flagged_is_exit_code_zero(google: Google) -> None:
    google.cloud.put_build(a_build(google, "a", 1, **COMMIT))
    assert run(google, "--region", REGION).exit_code == 0
    assert run(google).exit_code == 0


@pytest.mark.parametrize(
    "words", [["--region", "global"], ["--trigger", "no-such"], ["--since", "1h"], ["--until", "2020-01-01"]]
)
def test_a_choice_that_leaves_nothing_is_never_taken_for_clean(google: Google, words: list[str]) -> None:
    google.cloud.put_build(a_build(google, "a", 1, **COMMIT))
    result = run(google, *words, "--format", "json")
    assert result.exit_code == 2
    assert f"could not read {PROJECT}, " in result.stderr
    assert "expected builds, " in result.stderr
    assert json.loads(result.stdout)["summary"]["complete"] is False


def test_a_project_without_builds_is_told_and_clean(google: Google) -> None:
    result = run(google)
    assert (result.exit_code, result.stderr) == (0, "note: no builds were found, so nothing was judged\n")


def test_fail_on_says_what_is_flagged(google: Google) -> None:
    a_week(google)
    assert run(google, "--fail-on", "failed,inconclusive").exit_code == 0
    assert run(google, "--fail-on", "VERIFIED").exit_code == 3
    assert run(google, "--fail-on", "none").exit_code == 0
    assert run(google, "--fail-on", "BAD").exit_code == 2


def ids(result: Result) -> list[str]:
    return [build["build"].rpartition("/")[2] for build in json.loads(result.stdout)["builds"]]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["e", "d", "c", "b", "a"]),
        (["--region", "europe-west1"], ["e"]),
        (["--region", "europe-west1", "--region", REGION], ["e", "d", "c", "b", "a"]),
        (["--since", "3d"], ["e", "d"]),
        (["--since", "130h", "--until", "{3}"], ["c", "b"]),
        (["--trigger", "content-worker-main"], ["e", "d", "a"]),
        (["--trigger", "7d4bb5b1", "--since", "3d"], ["e", "d"]),
    ],
)
def test_which_builds_are_meant(google: Google, words: list[str], found: list[str]) -> None:
    a_week(google)
    three_days_ago = show_time(google.clock() - timedelta(days=3))
    result = run(google, "--format", "json", *(word.replace("{3}", three_days_ago) for word in words))
    assert ids(result) == found


def test_json_says_who_and_that_it_is_whole(google: Google) -> None:
    a_week(google)
    whole = json.loads(run(google, "--format", "json").stdout)
    upload = whole["builds"][2]
    assert upload["submitter"] == {"principal": ANA, "tool": "gcloud builds submit", "user_agent": AGENT}
    assert (upload["verdict"], upload["source"]["fact"]) == ("LOCAL_SOURCE", "upload")
    assert whole["summary"]["complete"] is True
    assert whole["summary"]["flagged"] == 2
    assert whole["runs"] == []


def test_without_who_no_log_is_read(google: Google) -> None:
    a_week(google)
    result = run(google, "--no-who", "--format", "json")
    assert {build["submitter"] for build in json.loads(result.stdout)["builds"]} == {None}
    assert "ListLogEntries" not in google.faults.calls


def test_logs_that_may_not_be_read_are_said_once_and_cost_nothing_else(google: Google) -> None:
    a_week(google)
    google.cloud.deny("ListLogEntries")
    result = run(google)
    assert result.exit_code == 3
    assert result.stderr.count("roles/logging.viewer") == 1
    assert "2  LOCAL_SOURCE" in result.stdout


def test_a_region_that_cannot_be_read_is_told_and_the_rest_is_reported(google: Google) -> None:
    a_week(google)
    result = run(google, "--region", REGION, "--region", "atlantis", "--format", "json")
    assert result.exit_code == 2
    assert result.stderr.count("could not read vividly-dev/atlantis") == 1
    assert "This is not the whole: 4 builds could be read." in result.stderr
    assert ids(result) == ["d", "c", "b", "a"]
    summary = json.loads(result.stdout)["summary"]
    assert summary["complete"] is False
    assert [problem["place"] for problem in summary["problems"]] == ["vividly-dev/atlantis"]


def test_a_table_that_is_not_whole_says_so_itself(google: Google) -> None:
    google.cloud.deny("ListBuilds")
    result = run(google)
    assert result.exit_code == 2
    assert result.stdout.splitlines()[-1].startswith("NOT WHOLE")
    assert result.stderr.count("roles/cloudbuild.builds.viewer") == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--since", "soon"], "expected 90d, 36h or 2w"),
        (["--project", "No Such"], "project: expected a project id"),
        (["--region", "US/../x"], "location: expected"),
        (["--job", "content-worker"], "expected REGION/JOB"),
        (["--format", "html"], "needs --output"),
        (["--builds", "x.json", "--who"], "--builds does not"),
        (["--output", "/nowhere/at/all.json"], "expected to write /nowhere/at/all.json"),
        (["--output", "/dev/full"], "expected to write /dev/full, got: No space left on device"),
    ],
)
def test_what_cannot_be_meant_is_an_error_that_says_what_to_write(google: Google, words: list[str], said: str) -> None:
    result = run(google, *words)
    assert result.exit_code == 2
    assert said in " ".join(result.stderr.split())


def test_without_a_project_there_is_nothing_to_ask() -> None:
    result = CliRunner().invoke(audit, [], env={"GOOGLE_CLOUD_PROJECT": "", "CLOUDSDK_CORE_PROJECT": ""})
    assert result.exit_code == 2
    assert "expected --project" in result.stderr


def test_an_export_is_judged_without_the_cloud(tmp_path: Path) -> None:
    result = run(None, "--builds", exported(tmp_path, *CASES), "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert result.exit_code == 3
    assert len(rows) == len(CASES)
    assert list(rows[0]) == list(CSV_COLUMNS)
    assert {row["submitter"] for row in rows} == {""}


def test_an_export_may_come_through_a_pipe_and_in_several_files(tmp_path: Path) -> None:
    file = exported(tmp_path, "upload-builds-submit")
    given = json.dumps(document("commit-resolved-git")).encode()
    result = run(None, "--builds", file, "--builds", "-", "--format", "json", given=given)
    assert sorted(build["verdict"] for build in json.loads(result.stdout)["builds"]) == ["LOCAL_SOURCE", "VERIFIED"]


def test_a_shell_that_writes_utf_16_is_understood(tmp_path: Path) -> None:
    file = tmp_path / "builds.json"
    file.write_text(json.dumps([document("commit-resolved-git")]), encoding="utf-16")
    assert run(None, "--builds", str(file)).exit_code == 0


def test_a_file_that_is_cut_off_is_never_taken_for_whole(tmp_path: Path) -> None:
    file = Path(exported(tmp_path, "commit-resolved-git", "upload-builds-submit"))
    file.write_text(file.read_text()[:-200])
    for form in ("table", "json", "csv"):
        result = run(None, "--builds", str(file), "--format", form)
        assert result.exit_code == 2
        assert "cut off" in result.stderr
        assert "This is not the whole: 1 builds could be read." in result.stderr


def test_what_is_no_build_and_what_is_no_file_are_told_and_the_rest_is_judged(tmp_path: Path) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text('[{"id": "x", "substitutions": []}, {"id": "y", "substitutions": 7}]')
    result = run(None, "--builds", str(bad), "--builds", "absent.json", "--format", "json")
    assert result.exit_code == 2
    assert ids(result) == ["x"]
    assert "bad.json, document 2: substitutions: expected an object, got int" in result.stderr
    assert "absent.json: expected a readable file, got: No such file or directory" in result.stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{}", "got an object with no fields"),
        ('{"hello": 1}', "got an object with hello"),
        ('{"message": {"data": "e30="}, "subscription": "s"}', "this is a Pub/Sub push envelope: "),
        ('{"project_id": "p", "create_time": "2026-01-01T00:00:00Z"}', "this looks like a build in snake_case"),
        ('{"logName": "l", "textPayload": "x"}', "this looks like a log entry: use verifier logs"),
        ("id: abc\nsteps: []\n", "this looks like YAML: add --format=json"),
        ("[]", "expected builds, found no build"),
        ('{"builds": []}', "expected builds, found no build"),
        ("", "got an empty file"),
    ],
)
def test_what_is_no_build_is_never_read_as_one(text: str, said: str) -> None:
    result = run(None, "--builds", "-", "--format", "json", given=text.encode())
    assert result.exit_code == 2
    assert said in result.stderr
    assert ids(result) == []
    summary = json.loads(result.stdout)["summary"]
    assert (summary["complete"], summary["builds"], summary["not_successful"]) == (False, 0, {})


def test_a_file_of_something_else_is_told_in_a_few_lines() -> None:
    given = json.dumps([{"insertId": str(number)} for number in range(5_000)]).encode()
    result = run(None, "--builds", "-", given=given)
    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == MOST_TOLD + 2
    assert "could not read -: 4900 more that could not be read" in result.stderr


def test_a_page_of_a_listing_is_read_and_more_of_them_are_asked_for(tmp_path: Path) -> None:
    page = {"builds": [document("commit-resolved-git")], "nextPageToken": "abc"}
    (tmp_path / "b.json").write_text(json.dumps(page))
    result = run(None, "--builds", str(tmp_path / "b.json"), "--format", "json")
    assert (result.exit_code, len(ids(result))) == (2, 1)
    assert "more pages exist" in result.stderr


def test_a_folder_of_exports_is_read_and_an_empty_one_is_a_problem(tmp_path: Path) -> None:
    assert run(None, "--builds", str(tmp_path)).exit_code == 2
    exported(tmp_path, "commit-resolved-git")
    assert run(None, "--builds", str(tmp_path)).exit_code == 0


@pytest.mark.parametrize("status", ["", "STATUS_UNKNOWN", "done"])
def test_a_status_that_says_nothing_is_never_taken_for_clean(tmp_path: Path, status: str) -> None:
    build = document("commit-resolved-git") | {"status": status}
    (tmp_path / "b.json").write_text(json.dumps(build))
    result = run(None, "--builds", str(tmp_path / "b.json"))
    assert result.exit_code == 2
    assert f"        1  could not be judged: {status or 'without status'}" in result.stdout.splitlines()
    assert result.stdout.splitlines()[-1] == "NOT WHOLE: there are builds that could not be judged."
    assert result.stderr.startswith("could not judge 1 build: expected a status of Cloud Build's, got ")


def _without_origin(text: str) -> str:
    """Return what an audit printed, but for when it was made and from which files."""
    return str(re2.sub(r'"(generated|scope)": "[^"]*", ', "", text))


@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_exports_that_overlap_in_any_order_read_as_one_in_order(google: Google, tmp_path: Path, form: str) -> None:
    week = [
        a_build(google, name, days, **fields)
        for name, days, fields in (
            ("e", 1, COMMIT),
            ("d", 2, COMMIT),
            ("c", 4, UPLOAD),
            ("b", 5, UPLOAD),
            ("a", 6, COMMIT),
        )
    ]
    parts = {"whole": week, "first": week[2:][::-1], "second": week[1:4], "third": [week[0], week[4], week[1]]}
    for name, builds in parts.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(builds))
    end = ("--format", form, "--until", show_time(google.clock()))
    whole = run(None, "--builds", str(tmp_path / "whole.json"), *end)
    words = [word for name in ("second", "first", "third") for word in ("--builds", str(tmp_path / f"{name}.json"))]
    overlapping = run(None, *words, *end)
    assert _without_origin(overlapping.stdout) == _without_origin(whole.stdout)
    assert (whole.exit_code, overlapping.exit_code) == (3, 3)
    assert (whole.stderr, overlapping.stderr) == (
        "",
        "note: 4 builds stood in what was read once more; each is counted once\n",
    )


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ([], ["e", "a"]),
        (["--region", REGION], ["a"]),
        (["--region", "europe-west1", "--region", REGION], ["e", "a"]),
        (["--project", PROJECT], ["e", "a"]),
        (["--project", "another"], []),
        (["--region", "global"], []),
        (["--trigger", "content-worker-main", "--region", "europe-west1"], ["e"]),
        (["--trigger", "no-such"], []),
    ],
)
def test_options_choose_among_the_builds_of_a_file(
    google: Google, tmp_path: Path, words: list[str], found: list[str]
) -> None:
    builds = [a_build(google, "e", 1, "europe-west1", **COMMIT), a_build(google, "a", 6, **COMMIT)]
    (tmp_path / "b.json").write_text(json.dumps(builds))
    result = run(None, "--builds", str(tmp_path / "b.json"), *words, "--format", "json")
    assert ids(result) == found
    assert result.exit_code == (0 if found else 2)
    if not found:
        assert f"none of the 2 builds that were read is for {' '.join(words)}" in result.stderr


def test_a_moment_out_of_range_is_malformed(tmp_path: Path) -> None:
    build = document("commit-resolved-git") | {"finishTime": "0001-01-01T00:00:00+23:59"}
    (tmp_path / "b.json").write_text(json.dumps(build))
    result = run(None, "--builds", str(tmp_path / "b.json"))
    assert result.exit_code == 2
    assert "finishTime: expected an RFC 3339 time, got '0001-01-01T00:00:00+23:59'" in result.stderr


def test_a_dash_is_standard_output_and_a_part_of_somebody_elses_stays(tmp_path: Path) -> None:
    (tmp_path / "out.json.part").write_text("precious")
    file = exported(tmp_path, "commit-resolved-git")
    assert json.loads(run(None, "--builds", file, "--format", "json", "--output", "-").stdout)["summary"]["builds"] == 1
    out = tmp_path / "out.json"
    assert run(None, "--builds", file, "--format", "json", "--output", str(out)).exit_code == 0
    assert (tmp_path / "out.json.part").read_text() == "precious"


def test_output_appears_when_it_is_whole_and_leaves_nothing_else(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    result = run(None, "--builds", exported(tmp_path, "upload-builds-submit"), "--format", "json", "--output", str(out))
    assert result.stdout == ""
    assert json.loads(out.read_text())["summary"]["builds"] == 1
    assert sorted(file.name for file in tmp_path.iterdir()) == ["builds.json", "out.json"]


def test_the_report_is_one_file_and_says_when_it_is_not_whole(tmp_path: Path) -> None:
    file, out = Path(exported(tmp_path, "upload-builds-submit", "commit-resolved-git")), tmp_path / "report.html"
    words = ("--builds", str(file), "--format", "html", "--output", str(out))
    assert run(None, *words).exit_code == 3
    whole = out.read_text()
    assert document("upload-builds-submit")["id"] in whole
    file.write_text(file.read_text()[:-200])
    assert run(None, *words).exit_code == 2
    assert out.read_text() != whole
    assert sorted(each.name for each in tmp_path.iterdir()) == ["builds.json", "report.html"]


def test_a_policy_is_applied(google: Google, tmp_path: Path) -> None:
    google.cloud.put_build(a_build(google, "a", 1, **COMMIT))
    policy = tmp_path / "policy.toml"
    policy.write_text('repositories = ["github.com/vividly/other"]')
    assert (
        json.loads(run(google, "--policy", str(policy), "--format", "json").stdout)["summary"]["verdicts"]["FAILED"]
        == 1
    )


def test_what_a_job_ran_is_tied_to_the_builds_by_digest(google: Google) -> None:
    a_week(google)
    ran_digest_of(google, "c")
    result = run(google, "--job", f"{REGION}/content-worker", "--format", "json", "--until", show_time(google.clock()))
    (execution,) = json.loads(result.stdout)["runs"]
    assert execution["build"] == f"projects/{PROJECT}/locations/{REGION}/builds/c"
    assert execution["verdict"] == "LOCAL_SOURCE"
    until = show_time(google.clock())
    table = run(google, "--job", f"{REGION}/content-worker", "--until", until).stdout.splitlines()
    assert table[-2] == "What content-worker ran: 1 execution"
    assert table[-1].endswith("1×  LOCAL_SOURCE")


def ran_digest_of(google: Google, build_id: str) -> None:
    """Let content-worker run once, with the image of this build."""
    google.cloud.tag(IMAGE, f"sha256:{build_id:0>64}")
    google.cloud.put_job(PROJECT, REGION, "content-worker", image=IMAGE, script=Script())
    CloudRunJobs(google.address).start(JobName(PROJECT, REGION, "content-worker"), [], {}, timeout=5)
    google.clock.advance(1)


def runs_of(google: Google, *words: str) -> list[tuple[str, str]]:
    """Return the build and the verdict of each execution."""
    until = show_time(google.clock())
    result = run(google, "--job", f"{REGION}/content-worker", "--format", "json", "--until", until, *words)
    return [(each["build"].rpartition("/")[2], each["verdict"]) for each in json.loads(result.stdout)["runs"]]


def test_a_run_is_tied_to_a_build_of_another_trigger_than_the_table_is_about(google: Google) -> None:
    a_week(google)
    ran_digest_of(google, "c")
    assert ids(run(google, "--trigger", "content-worker-main", "--format", "json")) == ["e", "d", "a"]
    assert runs_of(google, "--trigger", "content-worker-main") == [("c", "LOCAL_SOURCE")]


def test_a_run_is_tied_to_a_build_of_a_file_that_is_older_than_the_table(google: Google, tmp_path: Path) -> None:
    old = a_build(google, "b", 50, **UPLOAD)
    ran_digest_of(google, "b")
    file = tmp_path / "builds.json"
    file.write_text(json.dumps([old]))
    assert runs_of(google, "--builds", str(file), "--since", "3d") == [("b", "LOCAL_SOURCE")]


@pytest.mark.parametrize(
    ("newer", "older"), [(COMMIT, UPLOAD), (UPLOAD, COMMIT)], ids=["upload-is-older", "upload-is-newer"]
)
def test_where_two_builds_pushed_what_ran_the_worse_verdict_counts(
    google: Google, newer: dict[str, Any], older: dict[str, Any]
) -> None:
    same = {"results": {"images": [{"name": IMAGE, "digest": f"sha256:{'c':0>64}"}]}}
    google.cloud.put_build(a_build(google, "newer", 1, **(newer | same)))
    google.cloud.put_build(a_build(google, "older", 2, **(older | same)))
    ran_digest_of(google, "c")
    assert runs_of(google) == [("newer" if newer is UPLOAD else "older", "LOCAL_SOURCE")]


def test_a_job_that_does_not_exist_is_told_and_the_builds_are_reported(google: Google) -> None:
    a_week(google)
    result = run(google, "--job", f"{REGION}/nothing")
    assert result.exit_code == 2
    assert "2  LOCAL_SOURCE" in result.stdout
    assert result.stderr.count("could not read") == 1


def test_a_spreadsheet_gets_no_formulas(tmp_path: Path) -> None:
    build = document("commit-resolved-git")
    build["substitutions"]["TRIGGER_NAME"] = '=HYPERLINK("http://evil.example")\nx'
    file = tmp_path / "b.json"
    file.write_text(json.dumps(build))
    (row,) = csv.DictReader(io.StringIO(run(None, "--builds", str(file), "--format", "csv").stdout))
    assert row["trigger_name"] == '\'=HYPERLINK("http://evil.example") x'


def test_a_listing_that_is_overloaded_is_waited_for_with_a_line(google: Google) -> None:
    a_week(google)
    google.faults.add(Fault("ListBuilds", "before", status="RESOURCE_EXHAUSTED"))
    result = run(google, "--region", REGION)
    assert result.exit_code == 3
    assert "waiting 1 s" in result.stderr


def test_what_many_regions_wait_for_is_one_line(google: Google) -> None:
    a_week(google)
    google.faults.add(Fault("ListBuilds", "before", times=3))
    result = run(google, "--region", REGION, "--region", "global", "--region", "europe-west1")
    assert result.exit_code == 3
    (line,) = result.stderr.splitlines()
    assert "listing builds of vividly-dev in " in line
    assert line.endswith("waiting 1 s")


@pytest.mark.parametrize("words", [[], ["--no-who"], ["--job", f"{REGION}/content-worker", "--region", "global"]])
def test_without_credentials_it_is_one_clear_line_and_2(tmp_path: Path, words: list[str]) -> None:
    result = run(None, *words, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "missing.json"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == (
        "Error: expected Google credentials, got DefaultCredentialsError; look at GOOGLE_APPLICATION_CREDENTIALS, "
        "or on a workstation run: gcloud auth application-default login\n"
    )


def test_a_job_that_cannot_be_asked_about_without_credentials_leaves_the_files_reported(tmp_path: Path) -> None:
    words = ["--builds", exported(tmp_path, "commit-resolved-git"), "--job", f"{REGION}/content-worker"]
    result = run(None, *words, GOOGLE_APPLICATION_CREDENTIALS=str(tmp_path / "missing.json"))
    assert result.exit_code == 2
    assert result.stdout.startswith("1 build, ")
    first, last = result.stderr.splitlines()
    job = f"projects/{PROJECT}/locations/{REGION}/jobs/content-worker"
    assert first.startswith(f"could not read {job}: expected Google credentials, got ")
    assert last == "This is not the whole: 1 builds could be read."


def test_as_a_process_it_shows_no_progress_bar_where_nobody_watches(google: Google) -> None:
    a_week(google)
    environment = os.environ | {"VERIFIER_GOOGLE_ENDPOINT": google.address, "GOOGLE_CLOUD_PROJECT": PROJECT}
    command = [sys.executable, "-c", "from verifier.cli.audit import audit; audit()", "--region", REGION]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LONG_SECONDS, check=False)
    assert (done.returncode, done.stderr) == (3, "")
    assert "2  LOCAL_SOURCE" in done.stdout
