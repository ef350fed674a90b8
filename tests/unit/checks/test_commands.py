"""What people paste does what it says: a part that is not of its kind makes words, and no shell runs anything else."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.absence import absent
from tests.unit.builders import POLICY, pushed, uploaded
from verifier.checks.commands import (
    Command,
    Kind,
    compare_upload,
    describe_execution,
    ends_with_command,
    part,
    pieces,
    shown_trigger,
    told,
)
from verifier.checks.policy import BuildConfig, Policy, Worker
from verifier.checks.remedies import right_command
from verifier.cli.build_text import judge
from verifier.cli.terminal import visible
from verifier.errors import Malformed
from verifier.facts.execution import JobName
from verifier.facts.repository import Repository
from verifier.redact import excerpt, one_line

CANARY = "ran"
"""A file that only somebody else's code makes."""
GOOD = ["vividly-dev", "us-central1", "main", "release/1.2", "content-worker-main", "example.com:vividly"]
EVIL = st.sampled_from(
    [
        f"x; >{CANARY}",
        f"x`>{CANARY}`",
        f"$(>{CANARY})",
        f"'; >{CANARY}; '",
        f"x\n>{CANARY}\n",
        f"x|>{CANARY}",
        f"x&>{CANARY}",
        f"main' || >{CANARY} #",
        f"\u200b;>{CANARY}",
        f"a'\u202e;>{CANARY};'",
        f"ghp_{'a' * 36}';>{CANARY};'",
        "--flags-file=/etc/passwd",
        "-x",
        "=ls",
        "~root",
        "*",
        "a b",
        "!!",
        "",
    ]
)
PARTS = st.one_of(st.sampled_from(GOOD), EVIL, st.text(max_size=12))


def remedy(project: str, region: str, trigger: str, branch: str, own: bool) -> str:
    build = uploaded(name=f"projects/1/locations/{'global' if own else 'europe-west1'}/builds/b", projectId=project)
    if own:
        worker = Worker(trigger, JobName("vividly-dev", "us-central1", "job"), branches=(branch,), region=region)
        return right_command(build, Policy(workers=(worker,)))
    repository = Repository("github.com", f"{trigger}/{region}")
    return right_command(build, Policy(repositories=frozenset({repository}), branches=(branch,)))


REMEDIES = st.builds(remedy, PARTS, PARTS, PARTS, PARTS, st.booleans())


def paste(shell: str, commands: list[str], folder: Path) -> tuple[list[str], str]:
    """Return what gcloud was called with, and all that the shell said. Nothing but gcloud is there to be run."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    gcloud = "gcloud() { printf '%s\\n' \"gcloud$(printf ' <%s>' \"$@\")\"; }\n"
    flags = ["--norc", "--noprofile"] if shell == "bash" else ["-f"]
    ended = subprocess.run(
        [str(shutil.which(shell)), *flags, "-s"],
        input=gcloud + "\n".join(commands) + "\n",
        env={"PATH": str(folder), "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return ended.stdout.splitlines(), ended.stderr + " ".join(path.name for path in folder.iterdir())


@pytest.mark.parametrize("shell", ["bash", "zsh"])
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(remedies=st.lists(REMEDIES, min_size=1, max_size=40))
def test_nothing_runs_but_the_command_with_its_arguments(shell: str, remedies: list[str], tmp_path: Path) -> None:
    if not shutil.which(shell):
        absent(f"{shell}: this test pastes into it")
    commands = [text for text in remedies if ends_with_command(text)]
    ran, said = paste(shell, commands, tmp_path / "home")
    assert said == ""
    assert len(ran) == len(commands)
    assert all(line.startswith("gcloud <builds> <triggers> <") for line in ran)


@given(REMEDIES)
def test_a_remedy_is_a_whole_command_or_words_without_any_part_of_it(text: str) -> None:
    if ends_with_command(text):
        assert [is_command for _, is_command in pieces(text)] == [True]
    else:
        assert text.startswith("build the commit through its trigger, on an allowed branch (no command can be given: ")
        assert CANARY not in text.replace("branch", "")


@pytest.mark.parametrize(
    ("build_id", "named"),
    [
        ("4e841fcb-6a1d-4c57-9a53-0f2f6d1c7b20", "4e841fcb"),
        ("nightly-7", "nightly-7"),
        ("4e841fcb", "4e841fcb"),
    ],
)
def test_an_upload_is_compared_by_the_shortest_name_of_its_build(build_id: str, named: str) -> None:
    assert compare_upload(build_id) == f"verifier compare {named} --fix YOUR_COMMIT"


@pytest.mark.parametrize("build_id", ["", "-x", "a b", "x;id", "$(id)", "é"])
def test_what_is_no_id_of_a_build_makes_no_command(build_id: str) -> None:
    with pytest.raises(Malformed, match="the build's name is not of the form that a command takes"):
        compare_upload(build_id)


@given(REMEDIES)
def test_nothing_that_shows_a_remedy_changes_its_command(text: str) -> None:
    if ends_with_command(text):
        assert told(text, 600, visible) == told(text, 500, excerpt) == text


@pytest.mark.parametrize("project", [f"x; >{CANARY} #", "x`id`", "x' y"])
def test_explain_gives_no_command_for_a_build_whose_project_is_none(project: str) -> None:
    lines = "\n".join(judge(uploaded(projectId=project), POLICY).lines())
    assert (
        "do this: build the commit through its trigger, on an allowed branch (no command can be given: the project"
        in lines
    )
    assert "gcloud builds triggers" not in lines


@pytest.mark.parametrize("claims", [{}, {"_PR_NUMBER": "7"}], ids=["plain", "pull-request"])
def test_a_build_can_not_bring_a_command_of_its_own_into_a_remedy(claims: dict[str, str]) -> None:
    evil = "x; gcloud builds triggers run theirs --project=theirs; y"
    build = pushed(buildTriggerId=evil, substitutions={"TRIGGER_NAME": evil, "BRANCH_NAME": evil, **claims})
    policy = Policy(triggers=frozenset({"listed"}), branches=("main",), build_config=BuildConfig.REPOSITORY)
    for finding in judge(build, policy).judgement.findings:
        assert "theirs" not in finding.remedy


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("gcloud builds triggers run t --branch=main", ["gcloud builds triggers run t --branch=main"]),
        ("see why: gcloud run jobs list --project=p; or wait", ["gcloud run jobs list --project=p"]),
        ("gcloud builds triggers run t --branch=x`id`", []),
        ("gcloud builds triggers run t --branch=x$(id)", []),
        ("gcloud builds triggers run t; curl x", ["gcloud builds triggers run t"]),
        ("gcloud builds triggers run t | sh", []),
        ("gcloud builds triggers run 't' --branch='it''s'", []),
        ("gcloud projects delete p", []),
        (
            "What was in it: verifier compare 4e841fcb --fix YOUR_COMMIT",
            ["verifier compare 4e841fcb --fix YOUR_COMMIT"],
        ),
        ("verifier compare 4e841fcb --fix YOUR_COMMIT | sh", []),
        ("verifier compare 4e841fcb --repo=/srv/theirs", []),
        ("verifier compare $(id) --fix YOUR_COMMIT", []),
        ("mygcloud run jobs list", []),
        ("gcloud run jobs list and then wait…", []),
    ],
)
def test_a_command_is_found_in_a_text_only_where_a_shell_takes_it_for_nothing_else(text: str, found: list[str]) -> None:
    assert [piece for piece, is_command in pieces(text) if is_command] == found
    assert "".join(piece for piece, _ in pieces(text)) == text


def test_a_command_that_does_not_fit_is_left_out_whole() -> None:
    command = str(Command(("gcloud", "run", "jobs", "list", f"--project={'p' * 40}")))
    assert told(f"look: {command}", 30, excerpt) == "look: …"
    assert told(f"look: {command}; or wait", 200, excerpt) == f"look: {command}; or wait"


LIST = "gcloud run jobs list --project=p"


@pytest.mark.parametrize(
    ("text", "most", "shown"),
    [
        (LIST, len(LIST), LIST),
        (LIST, len(LIST) - 1, "…"),
        (f"see: {LIST}", len(LIST) + 5, f"see: {LIST}"),
        (f"see: {LIST}", len(LIST) + 4, "see: …"),
        (f"see  why: {LIST}; or {LIST}", 500, f"see why: {LIST}; or {LIST}"),
        (f"{LIST}; or wait", len(LIST), LIST),
        (f"{LIST}; or wait", len(LIST) + 1, f"{LIST}…"),
        (f"{LIST}; or wait", len(LIST) + 9, f"{LIST}; or wait"),
        (f"{'x' * 50} {LIST}", 10, "x" * 9 + "…"),
        ("no command ", 500, "no command "),
        ("", 500, ""),
    ],
)
def test_words_are_shown_as_they_fit_and_commands_whole_or_not_at_all(text: str, most: int, shown: str) -> None:
    assert told(text, most, one_line) == shown


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (("gcloud", "run"), "gcloud run"),
        (("a b", "it's"), "'a b' 'it'\"'\"'s'"),
        (("--filter=a b",), "--filter='a b'"),
        (("--filter=a=b c",), "--filter='a=b c'"),
        (("--empty=", "--flag"), "--empty='' --flag"),
        (("a=b c",), "'a=b c'"),
        (("-f=b c",), "'-f=b c'"),
    ],
)
def test_a_command_is_written_as_a_shell_takes_it(arguments: tuple[str, ...], shown: str) -> None:
    assert str(Command(arguments)) == shown


@pytest.mark.parametrize(
    ("trigger_id", "named", "in_quotes"),
    [
        ("7d4bb5b1", "trigger 7d4bb5b1", '"7d4bb5b1"'),
        ("main; rm", "its trigger", "its trigger's id"),
        ("", "its trigger", "its trigger's id"),
        (f"ghp_{'a' * 36}", "its trigger", "its trigger's id"),
    ],
)
def test_a_trigger_is_shown_by_its_id_alone(trigger_id: str, named: str, in_quotes: str) -> None:
    assert shown_trigger(trigger_id) == named
    assert shown_trigger(trigger_id, quote=True) == in_quotes


def test_the_repository_that_cloud_build_resolved_fills_in_owner_and_name() -> None:
    build = pushed(buildTriggerId="", substitutions={})
    assert "--repo-owner=vividly --repo-name=content-worker " in right_command(build, Policy())
    other = Policy(repositories=frozenset({Repository("github.com", "vividly/site")}))
    assert "--repo-owner=vividly --repo-name=site " in right_command(build, other)


def test_a_branch_is_one_literal_pattern_and_a_triggers_name_is_one_that_cloud_build_takes() -> None:
    policy = Policy(repositories=frozenset({Repository("github.com", "vividly/Site.io")}), branches=("release/1.2",))
    command = right_command(uploaded(), policy)
    assert " --name=site-io-release-1-2 " in command
    assert " --branch-pattern='^release/1[.]2$' " in command


def test_an_execution_with_a_strange_place_is_named_in_words() -> None:
    good = "projects/vividly-dev/locations/us-central1/jobs/worker/executions/worker-x7k2p"
    assert describe_execution(good) == (
        "gcloud run jobs executions describe worker-x7k2p --region=us-central1 --project=vividly-dev"
    )
    assert describe_execution(good.replace("vividly-dev", "x;id")) == "the execution in Cloud Run"


@pytest.mark.parametrize("kind", Kind)
def test_no_kind_takes_what_a_shell_takes_for_more_than_letters(kind: Kind) -> None:
    for sign in "; |&`$'\"\\\n<>(){}[]*?!~#=\u200b":
        with pytest.raises(Malformed):
            part(kind, f"a{sign}b")
