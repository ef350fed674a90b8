"""The Logging query language of the stand-in: what each filter matches, and what it refuses."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.contract.standin import START
from verifier.standin.log_fields import LogRow
from verifier.standin.logging_filter import Regexes, compile_log_filter
from verifier.standin.messages import nanoseconds
from verifier.standin.refusal import RefusalError

AT = nanoseconds(START)
TEXT = LogRow(
    key=(AT, "id-7"),
    visible=0,
    log_name="projects/acme/logs/run.googleapis.com%2Fstderr",
    resource_type="cloud_run_job",
    resource_labels={"job_name": "resizer"},
    labels={"run.googleapis.com/execution_name": "resizer-abcde", "n": "10"},
    text='Traceback: "no width"\n  at C:\\img',
    payload=None,
    severity=500,
    received=AT + 7_000_000,
    encoded=b"",
)
JSON = replace(
    TEXT,
    text="",
    severity=0,
    payload={"message": "Resized 12 files", "count": 12, "ratio": 0.5, "ok": True, "none": None}
    | {"user": {"id": "u1"}, "steps": [{"name": "read"}, {"name": "write"}]},
)

ON_TEXT = [
    ("", True),
    (" \n ", True),
    ('resource.type="cloud_run_job"', True),
    ("resource.type=cloud_run_job", True),
    ('resource.type="CLOUD_RUN_JOB"', True),
    ('resource.type="cloud_run"', False),
    ('resource.type!="cloud_run_job"', False),
    ('resource.labels.job_name="resizer"', True),
    ('resource.labels."job_name"="resizer"', True),
    ('resource.labels.absent="x"', False),
    ('resource.labels.absent!="x"', False),
    ('labels."run.googleapis.com/execution_name"="resizer-abcde"', True),
    ('labels."run.googleapis.com/execution_name"!="other"', True),
    ('labels."run.googleapis.com/execution_name":*', True),
    ('labels."run.googleapis.com/execution_name":"*"', False),
    ("labels.absent:*", False),
    ("NOT labels.absent:*", True),
    ('labels.absent!~"x"', False),
    ('labels.n>="2"', False),
    ('logName="projects/acme/logs/run.googleapis.com%2Fstderr"', True),
    ('logName:"stderr"', True),
    ('log_id("run.googleapis.com/stderr")', True),
    ('log_id("run.googleapis.com/stdout")', False),
    ('insertId="id-7"', True),
    ('textPayload:"NO WIDTH"', True),
    ('textPayload:"\\"no width\\""', True),
    ('textPayload:"\\n  at"', True),
    ('textPayload:"\\x43:\\\\img"', True),
    ('textPayload:"\\u0043:"', True),
    ('textPayload="no width"', False),
    ("textPayload:*", True),
    ('textPayload=~"no w.dth"', True),
    ('textPayload=~"NO WIDTH"', False),
    ('textPayload=~"(?i)NO WIDTH"', True),
    ('textPayload=~"^Trace"', True),
    ('textPayload=~"^no width"', False),
    ('textPayload=~"C:\\\\img$"', True),
    ('textPayload!~"^Trace"', False),
    ('textPayload!~"panic"', True),
    ('jsonPayload.message="x"', False),
    ('jsonPayload.message!="x"', False),
    ("severity=ERROR", True),
    ('severity>="warning"', True),
    ("severity>ERROR", False),
    ("severity<=ERROR", True),
    ("severity<CRITICAL", True),
    ("severity!=ERROR", False),
    ('timestamp>="2026-03-01T12:00:00Z"', True),
    ('timestamp>"2026-03-01T12:00:00Z"', False),
    ('timestamp<="2026-03-01T13:00:00+01:00"', True),
    ('timestamp<"2026-03-01T12:00:00.000001Z"', True),
    ('timestamp="2026-03-01T12:00:00Z"', True),
    ('receiveTimestamp>"2026-03-01T12:00:00Z"', True),
    ("severity=INFO OR severity=ERROR", True),
    ("severity=(INFO OR ERROR)", True),
    ("severity=(INFO OR WARNING) OR severity=NOTICE", False),
    ('NOT severity=("INFO" OR "ERROR")', False),
    ("severity=INFO severity=ERROR", False),
    ("severity=INFO\nOR severity=ERROR\nresource.type=cloud_run_job", True),
    ("severity=ERROR AND NOT insertId=x", True),
    ("NOT NOT severity=ERROR", True),
    ("NOT (severity=ERROR OR severity=INFO)", False),
    ("(severity=ERROR)", True),
    ("(((severity=ERROR) (insertId:id)))", True),
    # OR binds tighter than AND: read as (ERROR or x) and INFO.
    ("severity=ERROR OR insertId=x AND severity=INFO", False),
    ("severity=INFO AND insertId=x OR severity=ERROR", False),
    # NOT binds tighter than OR.
    ("NOT severity=ERROR OR insertId:id", True),
]


@pytest.mark.parametrize(("text", "matches"), ON_TEXT)
def test_a_filter_on_an_entry_with_text(text: str, matches: bool) -> None:
    assert compile_log_filter(text)(TEXT) is matches


ON_JSON = [
    ("jsonPayload:*", True),
    ('jsonPayload.message="resized 12 files"', True),
    ('jsonPayload.message=~"\\d+ files$"', True),
    ('jsonPayload.message:"12"', True),
    ("jsonPayload.message:*", True),
    ("jsonPayload.absent:*", False),
    ('jsonPayload.absent!="x"', False),
    ("jsonPayload.none:*", False),
    ("jsonPayload.count=12", True),
    ("jsonPayload.count>=2", True),
    ("jsonPayload.count<9", False),
    ('jsonPayload.count:"1"', True),
    ('jsonPayload.count=~"12"', False),
    ("jsonPayload.ratio<0.75", True),
    ("jsonPayload.ratio>-1.5", True),
    ("jsonPayload.ok=true", True),
    ("jsonPayload.ok=1", False),
    ('jsonPayload.user.id="u1"', True),
    ('jsonPayload."user"."id"="u1"', True),
    ('jsonPayload.user="u1"', False),
    ('jsonPayload.message.deeper="x"', False),
    ("textPayload:*", False),
    ('textPayload=""', True),
    ('textPayload!="x"', True),
    ("severity=DEFAULT", True),
    ("severity>=DEBUG", False),
]


@pytest.mark.parametrize(("text", "matches"), ON_JSON)
def test_a_filter_on_an_entry_with_a_payload(text: str, matches: bool) -> None:
    assert compile_log_filter(text)(JSON) is matches


def test_an_entry_of_the_audit_logs_is_found_by_its_payload() -> None:
    audit = replace(
        TEXT, text="", proto={"methodName": "a.b.CreateBuild", "authenticationInfo": {"principalEmail": "A@x"}}
    )
    assert compile_log_filter('protoPayload.methodName="a.b.CreateBuild"')(audit)
    assert compile_log_filter('protoPayload.authenticationInfo.principalEmail="a@x"')(audit)
    assert not compile_log_filter('protoPayload.methodName="a.b.CancelBuild"')(audit)
    assert not compile_log_filter('protoPayload.methodName="a.b.CreateBuild"')(TEXT)


@pytest.mark.parametrize(("value", "matches"), [("read", True), ("write", True), ("delete", False)])
def test_a_list_matches_by_any_of_its_values(value: str, matches: bool) -> None:
    row = replace(JSON, payload={"steps": ["read", "write"]})
    assert compile_log_filter(f'jsonPayload.steps="{value}"')(row) is matches


REFUSED = [
    ("severity", "unexpected 'the end' at position 8"),
    ("severity>=", "unexpected 'the end'"),
    ("severity>=LOUD", "'LOUD' is no severity"),
    ("severity:ERROR", "severity cannot be compared with :"),
    ('severity=~"E"', "severity cannot be compared with =~"),
    ('timestamp>="yesterday"', "timestamp expects an RFC 3339 time in quotes, got 'yesterday'"),
    ('timestamp>="2026-03-01T12:00:00"', "timestamp expects"),
    ("timestamp>=2026-03-01T12:00:00Z", "timestamp expects an RFC 3339 time in quotes, got '2026'"),
    ('timestamp:"2026-03-01T12:00:00Z"', "timestamp cannot be compared with :"),
    ('httpRequest.status="200"', "the field 'httpRequest.status' is not known here"),
    ('resource.labels="x"', "the field 'resource.labels' is not known"),
    ('labels="x"', "the field 'labels' is not known"),
    ('jsonPayload="x"', "jsonPayload can only be asked for by field"),
    ('"global search"', "unexpected '\"global search\"' at position 0"),
    ('SEARCH("x")', "unexpected '('"),
    ("log_id(stderr)", "unexpected 'stderr'"),
    ('log_id("stderr"', "unexpected 'the end'"),
    ("(severity=ERROR", "unexpected 'the end'"),
    ("severity=ERROR)", "unexpected ')' at position 14"),
    ("()", "unexpected ')'"),
    ("AND severity=ERROR", "unexpected 'severity'"),
    ("severity=ERROR OR", "unexpected 'the end'"),
    ("severity=ERROR ; insertId=x", "unexpected '; insertId=x'"),
    ('textPayload="open', "unexpected '\"open'"),
    ('textPayload=~"("', "invalid regular expression '('"),
    ('textPayload=~"(?=look)"', "invalid regular expression"),
    ('textPayload:"\\d"', "unknown escape \\d"),
    ("-severity=ERROR", "the field '-severity' is not known"),
    ("(" * 101 + "severity=ERROR" + ")" * 101, "nested more than 100 deep"),
    ('textPayload="' + "x" * 20_000 + '"', "the most that are allowed is 20000"),
]


@pytest.mark.parametrize(("text", "problem"), REFUSED, ids=[text[:30] for text, _ in REFUSED])
def test_a_filter_that_is_not_known_is_refused_by_name(text: str, problem: str) -> None:
    with pytest.raises(RefusalError) as caught:
        compile_log_filter(text)
    assert caught.value.status == "INVALID_ARGUMENT"
    assert problem in caught.value.message


def test_a_filter_may_be_as_long_as_the_platform_allows() -> None:
    longest = 'textPayload="' + "x" * (20_000 - 14) + '"'
    assert compile_log_filter(longest)(TEXT) is False


READINGS = [
    # what is written, matches under: as they stand, unescaped
    (r'textPayload=~"[(]C:"', False, False),
    (r'textPayload=~"C:[^a-z]img"', True, True),
    (r'textPayload=~"at .:"', True, True),
    (r'textPayload=~"C:\\\\img"', False, True),
    (r'textPayload=~"C:\\img"', True, None),
    (r'textPayload=~"\"no width\""', True, True),
    (r'textPayload=~"no\swidth"', True, None),
    (r'textPayload=~"no\\swidth"', False, True),
    (r'textPayload!~"no\\swidth"', True, False),
    (r'textPayload:"C:\\img"', True, True),
]


@pytest.mark.parametrize(("text", "as_they_stand", "unescaped"), READINGS, ids=[text for text, *_ in READINGS])
def test_a_regular_expression_is_read_in_either_way(
    text: str, as_they_stand: bool | None, unescaped: bool | None
) -> None:
    for regexes, expected in ((Regexes.AS_THEY_STAND, as_they_stand), (Regexes.UNESCAPED, unescaped)):
        if expected is None:
            with pytest.raises(RefusalError, match=r"Unparseable filter: (unknown escape|invalid regular expression)"):
                compile_log_filter(text, regexes)
        else:
            assert compile_log_filter(text, regexes)(TEXT) is expected


def test_an_expression_that_one_reading_leaves_open_is_refused_by_it() -> None:
    text = r'textPayload=~"Traceback \\(most recent"'
    assert not compile_log_filter(text, Regexes.UNESCAPED)(TEXT)
    with pytest.raises(RefusalError, match="invalid regular expression"):
        compile_log_filter(text, Regexes.AS_THEY_STAND)
