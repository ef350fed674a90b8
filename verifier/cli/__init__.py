"""The command line. Each command loads what it needs when it is called, so that `explain` needs no cloud library."""

from __future__ import annotations

import sys
from io import TextIOWrapper

import click

from verifier import __version__

_POLICY = click.option(
    "--policy",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="What you accept. Left out: policy.toml here, if there is one, else the defaults.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="One JSON object a line, for scripts.")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="build-verifier %(version)s")
def main() -> None:
    """Is what was built really the commit that was pushed, and does it work?"""
    for stream in (sys.stdout, sys.stderr):
        # Where a terminal can't show a character, a question mark is better than a crash.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")


@main.command()
@click.option(
    "--builds",
    metavar="FILE_OR_FOLDER",
    type=click.Path(),
    help="Play your own builds instead: JSON as `gcloud builds list` or `describe` prints it with --format=json.",
)
@click.option("--policy", metavar="FILE", type=click.Path(dir_okay=False), help="What you accept, for --builds.")
def demo(builds: str | None, policy: str | None) -> None:
    """Play a story on this machine: the real function, on a stand-in of the cloud.

    Prints each verdict as it falls. Exit status 0 says that every build got the verdict that it should. On a terminal,
    Slack's page is served until Ctrl-C. The ledger is a temporary file, or Firestore's emulator where
    FIRESTORE_EMULATOR_HOST names one.
    """
    if policy and not builds:
        raise click.UsageError("--policy is for --builds: the story has a policy of its own")
    from verifier.cli.demo import run_demo

    sys.exit(run_demo(builds, policy))


@main.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@_POLICY
@_JSON
def explain(files: tuple[str, ...], policy: str | None, as_json: bool) -> None:
    """Judge build documents offline, by source and policy alone; `-` is standard input.

    A FILE is what `gcloud builds describe` or `gcloud builds list` prints with --format=json. A file that can't be
    read is told on standard error and makes the exit status 1; the rest is still judged.
    """
    from verifier.cli.explain import explain_files

    sys.exit(explain_files(files, policy, as_json=as_json))


@main.command()
@click.argument("build")
@click.option("--project", help="The build's project. Left out: GOOGLE_CLOUD_PROJECT or CLOUDSDK_CORE_PROJECT.")
@click.option("--region", help="The build's region. Left out: global.")
@_POLICY
@_JSON
def check(build: str, project: str | None, region: str | None, policy: str | None, as_json: bool) -> None:
    """Judge a build as Cloud Build has it now, by source and policy alone.

    BUILD is a build's id, or its name: projects/PROJECT/locations/REGION/builds/ID. It is read with application
    default credentials.
    """
    from verifier.cli.check import check_build

    check_build(build, project, region, policy, as_json=as_json)
