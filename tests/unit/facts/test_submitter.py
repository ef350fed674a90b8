"""The tool that a build was submitted with, as far as the caller's user agent tells."""

from __future__ import annotations

import pytest

from verifier.facts.submitter import Submitter


@pytest.mark.parametrize(
    ("user_agent", "tool"),
    [
        ("google-cloud-sdk gcloud/530.0.0 command/gcloud.builds.submit invocation-id/1f", "gcloud builds submit"),
        ("gcloud/530.0.0 command/gcloud.run.deploy,gzip(gfe)", "gcloud run deploy"),
        ("gcloud/530.0.0 command/gcloud.app-engine.deploy2 environment/None", "gcloud app-engine deploy2"),
        ("gcloud/530.0.0 subcommand/gcloud.builds.submit", "gcloud/530.0.0"),
        ("Terraform/1.9 (+https://www.terraform.io)", "Terraform/1.9"),
        ("grpc-python/1.80,gzip(gfe) more", "grpc-python/1.80"),
        ("curl", "curl"),
        ("", ""),
    ],
    ids=["a command", "before a comma", "dashes and digits", "another word", "a program", "a list", "a word", "none"],
)
def test_the_tool_is_gclouds_command_or_else_the_first_program(user_agent: str, tool: str) -> None:
    assert Submitter("someone@vividly.example", user_agent).tool == tool
