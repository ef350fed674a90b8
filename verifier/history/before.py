"""What version 0.1.0 made of a build, so that nobody upgrades without knowing what will be judged otherwise.

0.1.0 believed more: a build by hand from a listed repository, a branch that was typed, whatever called itself a pull
request's, an exemption by bucket. Its judgement of a build is today's judgement of the same build with what it believed
written into it; that holds for all that it accepted. Only where it found a contradiction in the address of Developer
Connect's proxy is it not reproduced.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import re2

from verifier.checks.images import image_of_another
from verifier.checks.judgement import Judgement
from verifier.checks.policy import BuildConfig, Policy
from verifier.checks.source import source_findings
from verifier.checks.verdict import SOURCE_CHECKS, Finding, decide
from verifier.facts.build import SUCCESS, Build, parse_build
from verifier.facts.repository import CASE_BLIND_HOSTS
from verifier.facts.source import Commit, source_of
from verifier.facts.trigger import OFFLINE, Trigger, UnknownConfig, Unread

_TRIGGER_ID = re2.compile(r"(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_ODD = re2.compile(r"\.\.|[\\^$*+?()\[\]{}|\r\n]")
_SERVICE = ".cloudbuild-source.googleusercontent.com"


def policy_before(policy: Policy, *, require_trigger: bool) -> Policy:
    """Return what 0.1.0 read in the same file, without the keys that it did not know.

    `require_trigger` is what the file says; 0.1.0's default was False.
    """
    firm = (one for one in policy.exemptions if not one.projects)
    return replace(
        policy,
        require_trigger=require_trigger,
        triggers=frozenset(),
        build_config=BuildConfig.ANY,
        exemptions=(*firm, *policy.soft_exemptions),
    )


def judge_before(build: Build, policy: Policy, *, decided: datetime) -> Judgement:
    """Return 0.1.0's judgement of the build, under the policy as `policy_before` gives it."""
    if build.status != SUCCESS:
        return Judgement(None, (), decided)
    believed = parse_build(_believed(build))
    trigger: Trigger | Unread = OFFLINE
    if build.pull_request:
        trigger = Trigger(build.trigger_id, "", UnknownConfig(), for_pull_requests=True, read=decided)
    findings = source_findings(believed, source_of(believed), policy, announced=True, trigger=trigger)
    findings = (*(one for one in findings if one.check in SOURCE_CHECKS), *_of_another(build, policy))
    return Judgement(decide(findings, SOURCE_CHECKS), findings, decided, pull_request=build.pull_request)


def _of_another(build: Build, policy: Policy) -> tuple[Finding, ...]:
    """0.1.0 looked at whose image it is only where a trigger might have gone by another name."""
    if not build.trigger_id or build.pull_request or policy.worker_for(build):
        return ()
    named = tuple(worker for worker in policy.workers if not _TRIGGER_ID.match(worker.trigger))
    whole = {**build.document, "results": {"images": build.document["results"]["images"]}}
    return image_of_another(parse_build(whole), replace(policy, workers=named), OFFLINE)


def _believed(build: Build) -> dict[str, Any]:
    """Return the build's document with all that 0.1.0 believed or overlooked."""
    document = {**build.document, "dependencies": [one for one in build.document["dependencies"] if "empty" in one]}
    document["substitutions"] = _claims(build)
    is_commit = isinstance(source_of(build), Commit)
    for holder in ("source", "sourceProvenance"):
        parts = document.get(holder)
        if isinstance(parts, Mapping):
            document[holder] = {kind: _part(part, is_commit=is_commit) for kind, part in parts.items()}
    return document


def _part(part: object, *, is_commit: bool) -> object:
    if not isinstance(part, Mapping):
        return part
    believed = {name: value for name, value in part.items() if name != "invertRegex"}
    for name in ("branchName", "tagName"):
        if isinstance(part.get(name), str):
            believed[name] = _plain(part[name])
    if isinstance(part.get("url"), str):
        believed["url"] = part["url"].replace("http://", "https://", 1)
    if not is_commit and str(part.get("bucket", "")).endswith(_SERVICE):
        believed["bucket"] = f"a{part['bucket']}"  # to 0.1.0 it was an upload like any other
    return believed


def _claims(build: Build) -> dict[str, str]:
    claims = dict(build.claims)
    tag, ref = claims.get("TAG_NAME", ""), claims.get("REF_NAME", "")
    name = tag or claims.get("BRANCH_NAME", "") or ref
    if build.trigger_id and name:
        if tag:
            claims.pop("BRANCH_NAME", None)
        claims["TAG_NAME" if tag else "BRANCH_NAME"] = _plain(name)
        claims["REF_NAME"] = _plain(ref or name)
    source, full = source_of(build), claims.get("REPO_FULL_NAME", "")
    repository = source.repository if isinstance(source, Commit) else None
    if full and repository and repository.host not in CASE_BLIND_HOSTS and repository.path.lower() != full.lower():
        claims["REPO_FULL_NAME"] = f"{full}-"  # any name but the repository's own contradicted it
    return claims


def _plain(name: str) -> str:
    """Return the name with a plain character for each that counts today: to 0.1.0 they were like others."""
    plain = _ODD.sub("x", name).removesuffix("/")
    return f"x{plain}" if plain.startswith(("refs/", "-")) else plain
