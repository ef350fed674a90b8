"""`verifier explain` and `verifier check`: what a person and a script read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.fixtures.builds import CASES, EXPECTED, document
from verifier.checks.verdict import Verdict
from verifier.cli import main
from verifier.standin.clock import system_clock
from verifier.standin.cloud import Cloud
from verifier.standin.faults import Faults
from verifier.standin.google_server import GoogleStandIn

FACTS = {"Commit": "commit", "Upload": "upload", "NoSource": "no-source", "Unclear": "unclear"}


def run(*words: str, given: str | None = None, **environment: str) -> Result:
    variables: dict[str, str | None] = {"GOOGLE_CLOUD_PROJECT": None, "CLOUDSDK_CORE_PROJECT": None}
    return CliRunner().invoke(main, words, input=given, env=variables | environment)


def written(folder: Path, value: Any, name: str = "build.json") -> str:
    file = folder / name
    file.write_text(json.dumps(value))
    return str(file)


def test_an_upload_is_explained(tmp_path: Path) -> None:
    result = run("explain", written(tmp_path, an_upload()))
    assert result.exit_code == 0
    assert result.stdout == (
        "🔴 LOCAL_SOURCE\n"
        "  build    4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6 in vividly-dev, us-central1\n"
        "  source   upload gs://vividly-dev_cloudbuild/source/1795400000.5-0a1b2c3d4e5f60718293a4b5c6d7e8f9.tgz"
        " (made by gcloud builds submit)\n"
        "  invoked  by hand\n"
        "  claim    COMMIT_SHA=85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e (nothing proves it)\n"
        "  ✗ source_is_a_commit       source.storageSource is gs://vividly-dev_cloudbuild/source/"
        "1795400000.5-0a1b2c3d4e5f60718293a4b5c6d7e8f9.tgz; no commit is recorded\n"
        "    do this: gcloud builds triggers create github --name=repository-main --repo-owner=OWNER "
        "--repo-name=REPOSITORY --branch-pattern='^main$' --build-config=cloudbuild.yaml --region=us-central1 "
        "--project=vividly-dev\n"
        "  · repository_is_allowed    no commit, so no repository\n"
        "  · branch_is_allowed        no commit, so no branch\n"
        "  · claims_are_backed        nothing proves that: "
        "COMMIT_SHA=85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e\n"
        "  · build_was_triggered      no commit that a trigger could have built\n"
        "  · build_config_is_committed no commit that its steps could be in\n\n"
    )


def an_upload() -> dict[str, Any]:
    place = {
        "bucket": "vividly-dev_cloudbuild",
        "object": "source/1795400000.5-0a1b2c3d4e5f60718293a4b5c6d7e8f9.tgz",
    }
    return {
        "id": "4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6",
        "name": "projects/402118557731/locations/us-central1/builds/4e841fcb-1b2c-4d3e-8f90-a1b2c3d4e5f6",
        "projectId": "vividly-dev",
        "status": "SUCCESS",
        "source": {"storageSource": place},
        "substitutions": {"COMMIT_SHA": "85cffd8a4c1f9b0e7d6a5b4c3d2e1f0a9b8c7d6e"},
    }


@pytest.mark.parametrize("case", CASES)
def test_every_fixture_is_one_object_a_line(tmp_path: Path, case: str) -> None:
    result = run("explain", "--json", written(tmp_path, document(case)))
    assert result.exit_code == 0, result.output
    [line] = result.stdout.splitlines()
    said = json.loads(line)
    assert list(said) == [
        "file",
        "build",
        "status",
        "source",
        "unbacked_claims",
        "invoked_by",
        "verdict",
        "findings",
        "problem",
        "slack",
        "running",
        "origin",
    ]
    assert set(said["source"]) == {"fact", "commit", "strength", "repository", "field", "detail"}
    assert said["source"]["fact"] == FACTS[EXPECTED[case]["fact"]]
    assert said["source"]["commit"] == EXPECTED[case].get("sha")
    assert said["verdict"] in (*Verdict, None)
    assert (said["verdict"] is None) == (said["status"] != "SUCCESS")
    for finding in said["findings"]:
        assert set(finding) == {"check", "outcome", "seen", "remediation"}


def test_a_list_as_gcloud_prints_it_is_judged_build_by_build(tmp_path: Path) -> None:
    builds = [an_upload(), document("commit-resolved-git")]
    result = run("explain", "--json", written(tmp_path, builds))
    assert [json.loads(line)["source"]["fact"] for line in result.stdout.splitlines()] == ["upload", "commit"]


def test_one_bad_build_in_a_list_does_not_hide_the_others(tmp_path: Path) -> None:
    result = run("explain", "--json", written(tmp_path, [an_upload(), {"id": {}}, an_upload()]))
    assert result.exit_code == 2
    assert len(result.stdout.splitlines()) == 2
    assert "build 2: id: expected text, got dict" in result.stderr


@pytest.mark.parametrize(
    ("fields", "got"),
    [
        ({"status": ""}, "none"),
        ({"status": "STATUS_UNKNOWN"}, "status 'STATUS_UNKNOWN'"),
        ({"status": "done"}, "status 'done'"),
    ],
)
def test_a_build_whose_status_says_nothing_keeps_its_row_and_is_exit_code_2(
    tmp_path: Path, fields: dict[str, str], got: str
) -> None:
    file = written(tmp_path, [an_upload() | fields, an_upload()])
    result, text = run("explain", "--json", file), run("explain", file).stdout
    problem = f"could not be judged: expected a status of Cloud Build's, got {got}; export it again, whole"
    first, second = map(json.loads, result.stdout.splitlines())
    assert (first["verdict"], first["problem"], second["problem"]) == (None, problem, None)
    assert (result.exit_code, result.stderr) == (2, f"{file}: build 1: {problem}\n")
    assert text.startswith(f"2 builds: 1 LOCAL_SOURCE, 1 could not be judged\n\n⚪ {problem}\n")


@pytest.mark.parametrize("part", [{"sourceProvenance": {}}, {"steps": []}, {"source": {}}, {"id": "x"}])
def test_a_part_of_a_build_keeps_its_row(tmp_path: Path, part: dict[str, Any]) -> None:
    result = run("explain", "--json", written(tmp_path, part))
    assert len(result.stdout.splitlines()) == 1
    assert result.exit_code == 2


@pytest.mark.parametrize("status", ["FAILURE", "WORKING"])
def test_a_build_that_did_not_succeed_or_goes_on_is_no_problem(tmp_path: Path, status: str) -> None:
    result = run("explain", written(tmp_path, an_upload() | {"status": status}))
    assert (result.exit_code, result.stderr) == (0, "")


@pytest.mark.parametrize("given", ["[]", '{"builds": []}'])
def test_nothing_to_judge_is_told_and_exit_code_2(given: str) -> None:
    result = run("explain", "-", given=given)
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == ["note: -: an empty list", "expected build documents, found none"]


def test_an_empty_folder_is_told_and_exit_code_2(tmp_path: Path) -> None:
    result = run("explain", str(tmp_path))
    assert result.exit_code == 2
    assert "got an empty folder" in result.stderr


def test_an_empty_list_among_others_is_told_and_no_problem(tmp_path: Path) -> None:
    result = run("explain", written(tmp_path, [], "a.json"), written(tmp_path, an_upload(), "b.json"))
    assert result.exit_code == 0
    assert result.stderr == f"note: {tmp_path / 'a.json'}: an empty list\n"


def test_standard_input_is_a_file_too() -> None:
    result = run("explain", "--json", "-", given=json.dumps(an_upload()))
    assert json.loads(result.stdout)["file"] == "-"


def test_documents_one_after_the_other_are_read_too() -> None:
    result = run("explain", "--json", "-", given=json.dumps(an_upload()) + "\n" + json.dumps(an_upload()))
    assert len(result.stdout.splitlines()) == 2


def test_an_unreadable_file_is_one_line_and_the_rest_is_judged(tmp_path: Path) -> None:
    good = written(tmp_path, an_upload())
    bad = tmp_path / "bad.json"
    bad.write_text('{"id": ')
    result = run("explain", str(bad), str(tmp_path / "absent.json"), good)
    assert result.exit_code == 2
    assert "LOCAL_SOURCE" in result.stdout
    assert result.stderr.splitlines() == [
        f"{bad}, line 1: expected a document, but the file was cut off in the midst of it; documents before it: 0",
        f"{tmp_path / 'absent.json'}: expected a readable file, got: No such file or directory",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "expected what gcloud ... list --format=json prints, got an empty file"),
        ("{}", "build 1: expected a build (with one of id, name, source, sourceProvenance, steps), got an object"),
        ('{"error": 1}', "build 1: expected a build (with one of id, name, source, sourceProvenance, steps), got an"),
        ('{"insertId": "x"}', "build 1: expected a build; this looks like a log entry: use verifier logs"),
        ('{"builds": [], "nextPageToken": "x"}', "this is one page of a listing, and it has a nextPageToken"),
        ("id: abc", "expected JSON; this looks like YAML: add --format=json"),
        ("5", "expected an object, got int"),
        ('["a"]', "expected an object, got 'a'"),
        ('{"id": "a", "source": 5}', "build 1: source: expected an object, got int"),
        ("[" * 100_000, "the list has no end"),
        ('{"id": "a", "projectId": "p", "name": "elsewhere"}', "build 1: build name: expected projects/"),
    ],
)
def test_what_is_no_build_is_told_by_what_was_expected_and_got(text: str, problem: str) -> None:
    result = run("explain", "-", given=text)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert result.stderr.startswith("-")
    assert "Traceback" not in result.output


def test_a_policy_decides_and_a_wrong_one_is_told(tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text('[[exemption]]\nreason = "a sandbox"\nprojects = ["vividly-dev"]\n')
    file = written(tmp_path, an_upload())
    assert json.loads(run("explain", "--json", "--policy", str(policy), file).stdout)["verdict"] == "EXEMPT"
    policy.write_text("branchs = []")
    wrong = run("explain", "--policy", str(policy), file)
    assert wrong.exit_code == 2
    assert "did you mean branches?" in wrong.stderr
    assert str(policy) in wrong.stderr


def test_a_worker_that_cannot_be_run_here_is_mentioned(tmp_path: Path) -> None:
    build = document("commit-resolved-git")
    build["buildTriggerId"] = "5b3c1a52-6a0e-4f3f-9f3b-0d5d0c6f2b11"
    policy = tmp_path / "policy.toml"
    policy.write_text(f'[[worker]]\ntrigger = "{build["buildTriggerId"]}"\njob = "us-central1/the-worker"\n')
    result = run("explain", "--policy", str(policy), written(tmp_path, build))
    assert "By source alone: the worker the-worker is not run here." in result.stdout


def test_check_fetches_the_build_and_says_the_same() -> None:
    cloud = Cloud(system_clock)
    cloud.put_build(an_upload())
    with GoogleStandIn(cloud, Faults()) as place:
        words = ("check", an_upload()["id"], "--project", "vividly-dev", "--region", "us-central1", "--json")
        result = run(*words, VERIFIER_GOOGLE_ENDPOINT=place.address)
        by_name = run(
            "check",
            f"projects/vividly-dev/locations/us-central1/builds/{an_upload()['id']}",
            VERIFIER_GOOGLE_ENDPOINT=place.address,
        )
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert (said["file"], said["verdict"]) == (None, "LOCAL_SOURCE")
    assert by_name.stdout.startswith("🔴 LOCAL_SOURCE")


def test_check_says_in_one_line_what_is_wrong() -> None:
    cloud = Cloud(system_clock)
    with GoogleStandIn(cloud, Faults()) as place:
        here = {"VERIFIER_GOOGLE_ENDPOINT": place.address}
        absent = run("check", "no-such-build", "--project", "vividly-dev", **here)
        cloud.deny("GetBuild")
        denied = run("check", "no-such-build", "--project", "vividly-dev", **here)
    nowhere = run("check", "a-build")
    bad = run("check", "projects/p/builds")
    elsewhere = run("check", "a-build", "--project", "vividly-dev", VERIFIER_GOOGLE_ENDPOINT="run.example.com:443")
    for result, words in (
        (absent, "not found"),
        (denied, "roles/cloudbuild.builds.viewer"),
        (nowhere, "expected --project"),
        (bad, "build name: expected projects/"),
        (elsewhere, "expected a loopback address"),
    ):
        assert result.exit_code == 2
        assert words in result.stderr
        assert "Traceback" not in result.output


def test_a_claim_cannot_look_like_a_line_of_ours(tmp_path: Path) -> None:
    forged = an_upload() | {"substitutions": {"COMMIT_SHA": "x\n✅ VERIFIED\n  build    777"}}
    lines = run("explain", written(tmp_path, forged)).stdout.splitlines()
    assert lines[0] == "🔴 LOCAL_SOURCE"
    assert not [line for line in lines if line.startswith("✅") or line.strip().startswith("build    777")]


def test_the_answer_of_the_rest_api_a_folder_and_utf_16_are_read_too(tmp_path: Path) -> None:
    written(tmp_path, {"builds": [an_upload(), an_upload()]})
    (tmp_path / "other.json").write_text(json.dumps(an_upload()), encoding="utf-16")
    result = run("explain", "--json", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert len(result.stdout.splitlines()) == 3


def test_a_secret_that_is_no_credentials_file_is_not_shown(tmp_path: Path) -> None:
    wrong = tmp_path / "keystore.p12"
    wrong.write_bytes(bytes(range(256)) * 4)
    result = run("check", "a-build", "--project", "vividly-dev", GOOGLE_APPLICATION_CREDENTIALS=str(wrong))
    assert result.exit_code == 2
    assert "expected Google credentials, got " in result.stderr
    assert len(result.stderr) < 300


def test_check_reads_the_trigger_that_the_verdict_rests_on(tmp_path: Path) -> None:
    cloud = Cloud(system_clock)
    build = document("commit-resolved-git")
    cloud.put_build(build)
    cloud.put_trigger("vividly-dev", "us-central1", {"id": build["buildTriggerId"], "build": {"steps": []}})
    policy = tmp_path / "policy.toml"
    policy.write_text('build_config = "repository"\n')
    with GoogleStandIn(cloud, Faults()) as place:
        words = ("check", build["name"], "--policy", str(policy), "--json")
        result = run(*words, VERIFIER_GOOGLE_ENDPOINT=place.address)
    assert json.loads(result.stdout)["verdict"] == "FAILED", result.output


def a_running(**fields: Any) -> dict[str, Any]:
    return document("commit-resolved-git") | {"status": "WORKING", "finishTime": None} | fields


@pytest.mark.parametrize(
    ("build", "words", "code"),
    [
        ("upload", (), 0),
        ("upload", ("--fail-on=FAILED",), 0),
        ("upload", ("--fail-on=LOCAL_SOURCE,FAILED",), 3),
        ("running", (), 0),
        ("running", ("--fail-on=LOCAL_SOURCE",), 2),
        ("running", ("--running", "--fail-on=LOCAL_SOURCE,FAILED,INCONCLUSIVE"), 0),
        ("running-upload", ("--running", "--fail-on=LOCAL_SOURCE"), 3),
    ],
)
def test_check_stops_a_pipeline_where_it_is_told_to(
    tmp_path: Path, build: str, words: tuple[str, ...], code: int
) -> None:
    documents = {
        "upload": an_upload(),
        "running": a_running(),
        "running-upload": an_upload() | {"status": "WORKING"},
    }
    result = run("check", written(tmp_path, documents[build]), *words)
    assert result.exit_code == code, result.output
    if code == 2:
        assert "is not over, so nothing is decided: wait for it, or add --running" in result.stderr


def test_check_says_that_a_running_build_is_judged_by_its_source_alone(tmp_path: Path) -> None:
    file = written(tmp_path, a_running())
    assert (
        "By its source alone, as if it succeeded: the build is not over (WORKING)."
        in run("check", file, "--running").stdout
    )
    said = json.loads(run("check", file, "--running", "--json").stdout)
    assert (said["status"], said["running"], said["verdict"]) == ("WORKING", True, "VERIFIED")
    assert json.loads(run("check", file, "--json").stdout)["verdict"] is None


@pytest.mark.parametrize(("words", "code"), [((), 0), (("--fail-on=none",), 0), (("--fail-on=LOCAL_SOURCE",), 3)])
def test_explain_stops_a_pipeline_where_it_is_told_to(tmp_path: Path, words: tuple[str, ...], code: int) -> None:
    assert run("explain", written(tmp_path, an_upload()), *words).exit_code == code


def test_what_could_not_be_read_counts_more_than_a_verdict(tmp_path: Path) -> None:
    written(tmp_path, an_upload())
    (tmp_path / "other.json").write_text('[{"id": 7, "status": "SUCCESS", "source": 3, "steps": []}]')
    assert run("explain", str(tmp_path), "--fail-on=LOCAL_SOURCE").exit_code == 2
