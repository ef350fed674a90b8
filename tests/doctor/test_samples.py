"""The samples look as the real messages would."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import re2

from verifier.checks.policy import Policy
from verifier.doctor.samples import MARK, samples

NOW = datetime(2026, 11, 23, 2, 21, 7, tzinfo=UTC)
SAMPLES = {
    re2.search(r"(LOCAL_SOURCE|FAILED|INCONCLUSIVE|VERIFIED|NOT BUILT|Messages)", message.text).group(1): message
    for message in samples(Policy(), "acme-dev", NOW)
}


def text_of(kind: str) -> str:
    message = SAMPLES[kind]
    return "\n".join([message.text, json.dumps(message.blocks, ensure_ascii=False)])


def test_local_source_names_a_command_that_builds_by_a_trigger() -> None:
    assert "Do this: `gcloud builds triggers run sample --branch=main --project=acme-dev`" in text_of("LOCAL_SOURCE")


def test_an_error_has_one_time() -> None:
    assert set(re2.findall(r"\d\d:\d\d:\d\d", text_of("FAILED"))) == {"02:21:07"}


def test_a_verified_build_had_its_worker_run() -> None:
    assert SAMPLES["VERIFIED"].text == (
        f"{MARK} · ✅ VERIFIED · sample · 85cffd8 main\n"
        "Commit proven by Cloud Build; sample ran this image: 1/1 tasks, logs complete and clean, "
        '"query ok" seen.'
    )


def test_there_is_one_of_each_kind() -> None:
    assert list(SAMPLES) == ["LOCAL_SOURCE", "FAILED", "INCONCLUSIVE", "VERIFIED", "NOT BUILT", "Messages"]
