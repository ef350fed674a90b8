"""The HTML report in a real browser: what is seen, clicked and typed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from tests.browser.sample import executions, quarter, report
from tests.browser.webdriver import Browser
from tests.unit.checks.watch.made import CRASH, START, after, quiet, run, watch
from tests.unit.history.test_html_report import hostile
from verifier.checks.verdict import Verdict
from verifier.checks.watch.ending import ended_by_itself
from verifier.history.job_lines import job_lines
from verifier.history.watch_status import WatchStatus

BUILDS = quarter(240)
RUNS = executions(BUILDS)
LOCAL = [build for build in BUILDS if build.verdict is Verdict.LOCAL_SOURCE]
ENTER, SPACE, TAB = "\ue007", " ", "\ue004"
ROWS = "#builds tbody tr[id^=build-]"
CONTRASTS = """
  const channel = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  const light = (colour) => {
    const [r, g, b] = colour.match(/[0-9.]+/g).map(Number);
    return 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
  };
  const ground = (node) => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const said = (node) => [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
  const drawn = (node) => node.getClientRects().length && !node.closest("script, style, noscript, option");
  return [...document.querySelectorAll("body *")].filter((node) => said(node) && drawn(node)).map((node) => {
    const style = getComputedStyle(node);
    const ink = light(node.closest("svg") ? style.fill : style.color);
    const [low, high] = [ink, light(ground(node))].sort((one, other) => one - other);
    return [(high + 0.05) / (low + 0.05), `${node.tagName}: ${node.textContent.trim()}`];
  }).filter(([ratio]) => ratio < 4.5).slice(0, 5);
"""


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the report of a quarter of a year."""
    file = tmp_path_factory.mktemp("report") / "report.html"
    file.write_text(report(BUILDS, RUNS), encoding="utf-8")
    return file


@pytest.fixture
def opened(browser: Browser, page: Path) -> Iterator[Browser]:
    """Yield the report on a wide screen. Whatever a test does in it, the console stays silent."""
    browser.prefer()
    browser.resize(1280, 900)
    browser.open(page)
    yield browser
    assert browser.messages() == []


def shown(browser: Browser) -> int:
    """Return how many builds the table says that it shows."""
    return int(browser.text("#count").split()[0].replace(",", ""))


def test_it_draws_each_build_and_each_execution(opened: Browser) -> None:
    assert " production ran such code for 2 days 18 h, between 2 Nov 12:00 and 5 Nov 06:20 UTC" in opened.text("h1")
    assert opened.count("#picture path.hit") == len(BUILDS)
    assert opened.count("#picture path.hit.v0") == len(LOCAL)
    assert opened.count("#picture rect.ran") == len(RUNS)
    assert opened.text("#picture .told") == "in no commit"
    assert opened.count(ROWS) == 100
    assert shown(opened) == len(BUILDS)


def test_the_picture_has_a_scale_and_years(opened: Browser) -> None:
    assert re.fullmatch(r"\d+ builds?", opened.text("#picture g text.axis"))
    labels = opened.run(
        "return [...document.querySelectorAll('#picture svg > text.axis')].map((label) => label.textContent)"
    )
    assert re.fullmatch(r"\d+ [A-Z][a-z]{2} 20\d\d", labels[0])
    assert not [label for label in labels[1:] if "20" in label[-4:]], "the year is told where it begins, and not again"


def test_24_hours_end_at_the_last_build(opened: Browser) -> None:
    opened.click("#ranges [data-seconds='86400']")
    assert shown(opened) > 0
    assert opened.count("#picture path.hit") == shown(opened)


def test_the_counts_of_chips_follow_the_other_filters(opened: Browser) -> None:
    opened.type("#search", "by hand")
    counts = opened.run(
        "return [...document.querySelectorAll('#chips .soft')].map((count) => Number(count.textContent))"
    )
    assert sum(counts) == shown(opened) < len(BUILDS)


def test_a_column_in_which_nothing_stands_is_left_out(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "report.html"
    file.write_text(report(BUILDS, []), encoding="utf-8")
    browser.prefer()
    browser.resize(1280, 900)
    browser.open(file)
    heads = browser.run(
        "return [...document.querySelectorAll('#builds th')].filter((h) => h.offsetParent).map((h) => h.textContent)"
    )
    assert heads == ["Verdict", "Created (UTC)", "Built", "Source", "By"]


def test_a_chip_shows_the_builds_of_its_verdict_alone(opened: Browser) -> None:
    opened.click("#chips [data-verdict='0']")
    assert opened.count(ROWS) == shown(opened) == len(LOCAL)
    assert opened.count("#chips [aria-pressed=true]") == 1
    opened.click("#chips [data-verdict='0']")
    assert shown(opened) == len(BUILDS)


def test_search_finds_a_build_by_any_of_its_words(opened: Browser) -> None:
    build = LOCAL[3]
    assert build.submitter
    opened.type("#search", f"{build.key.id[:8]} {build.submitter.principal.upper()}")
    assert opened.count(ROWS) == 1
    opened.type("#search", " nothing-has-this")
    assert (opened.count(ROWS), opened.text("#count")) == (0, f"0 of {len(BUILDS)} builds")


def test_a_trigger_shows_its_own_builds(opened: Browser) -> None:
    opened.click("#trigger option[value='=mailer-main']")
    assert shown(opened) == sum(build.trigger_name == "mailer-main" for build in BUILDS)
    opened.click("#trigger option[value='by hand']")
    assert shown(opened) == len(LOCAL)


def test_the_evidence_is_one_click_away_and_complete(opened: Browser) -> None:
    build = LOCAL[0]
    opened.type("#search", build.key.id)
    opened.click(f"{ROWS} .opener")
    evidence = opened.text(".evidence")
    for finding in build.judgement.findings:
        assert finding.seen in evidence
        assert finding.remedy in evidence
    assert build.unbacked[0] in evidence
    assert build.images[0].digest in evidence
    assert build.submitter
    assert build.submitter.user_agent in evidence
    opened.click(f"{ROWS} .opener")
    assert opened.count(".evidence") == 0


def test_it_works_by_keyboard_alone(opened: Browser) -> None:
    opened.run("document.querySelector('#chips [data-verdict=\"0\"]').focus()")
    opened.press(SPACE)
    assert shown(opened) == len(LOCAL)
    opened.run("document.getElementById('trigger').focus()")
    opened.press(TAB)
    opened.press(ENTER)
    assert opened.count(".evidence") == 1
    assert opened.run("return document.activeElement.getAttribute('aria-expanded')") == "true"


def test_a_mark_in_the_picture_opens_its_build(opened: Browser) -> None:
    opened.type("#search", "nothing-has-this")
    opened.click("#picture path.hit.v0")
    assert "LOCAL_SOURCE" in opened.run("return document.activeElement.textContent")
    assert opened.count(".evidence") == 1


@pytest.mark.parametrize(("seconds", "days"), [(86_400, 1), (7 * 86_400, 7), (30 * 86_400, 30)])
def test_a_range_zooms_the_picture_and_the_tables(opened: Browser, seconds: int, days: int) -> None:
    opened.click(f"#ranges [data-seconds='{seconds}']")
    assert 0 < shown(opened) == opened.count("#picture path.hit") <= days * 240 / 90 + 1
    opened.click("#ranges [data-seconds='0']")
    assert shown(opened) == len(BUILDS)


def test_earlier_and_later_move_the_range(opened: Browser) -> None:
    opened.click("#ranges [data-seconds='604800']")
    first = opened.text(f"{ROWS} td:nth-child(2)")
    opened.click("#ranges button:nth-child(1)")
    assert opened.text(f"{ROWS} td:nth-child(2)") < first
    opened.click("#ranges button:nth-child(2)")
    assert opened.text(f"{ROWS} td:nth-child(2)") == first


def test_more_rows_come_when_asked_for(opened: Browser) -> None:
    opened.click("#more")
    assert opened.count(ROWS) == len(BUILDS)
    assert opened.run("return document.getElementById('more').hidden")


def test_an_execution_leads_to_its_build(opened: Browser) -> None:
    opened.click("#runs .link")
    assert f"content-worker-{RUNS[0].name[-5:]}" in opened.text(".evidence")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_every_text_stands_out_from_its_ground(opened: Browser, scheme: str, width: int) -> None:
    opened.prefer(scheme=scheme)
    opened.resize(width, 900)
    opened.click("#chips [data-verdict='1']")
    opened.click(f"{ROWS} .opener")
    assert opened.run(CONTRASTS) == []


@pytest.mark.parametrize("width", [320, 390, 768])
def test_nothing_runs_off_a_narrow_screen(opened: Browser, width: int) -> None:
    opened.resize(width, 800)
    opened.click("#chips [data-verdict='0']")
    opened.click(f"{ROWS} .opener")
    assert opened.run("return document.documentElement.scrollWidth") <= width
    assert opened.count("#picture path.hit, #picture g.hit") > 0


def test_every_control_has_a_name_and_the_picture_says_what_it_shows(opened: Browser) -> None:
    unnamed = "return [...document.querySelectorAll('button')].filter((b) => !b.hidden && !b.textContent.trim()).length"
    assert opened.run(unnamed) == 0
    assert opened.run("return [...document.querySelectorAll('input, select')].every((f) => f.labels.length)")
    label = opened.run("return document.querySelector('#picture svg').getAttribute('aria-label')")
    assert re.match(rf"Time line from 2026-.* UTC: {len(BUILDS)} builds \({len(LOCAL)} LOCAL_SOURCE, ", label)


def test_on_paper_the_controls_are_gone(opened: Browser) -> None:
    opened.prefer(medium="print")
    visible = "return [...document.querySelectorAll('.controls')].filter((c) => c.getClientRects().length).length"
    assert opened.run(visible) == 0
    assert opened.count("#picture path.hit") == len(BUILDS)


def test_hostile_words_are_shown_as_words(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "hostile.html"
    file.write_text(report([hostile()]), encoding="utf-8")
    browser.open(file)
    browser.click(f"{ROWS} .opener")
    assert "</script><script>alert(1)</script>" in browser.text(".evidence")
    assert browser.count("script") == 2
    assert browser.messages() == []


def test_nothing_that_is_not_its_own_runs(browser: Browser, page: Path) -> None:
    browser.open(page)
    browser.run("const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s)")
    assert browser.run("return window.ran ?? 0") == 0
    assert any("Content Security Policy" in message for message in browser.messages())


def test_a_report_of_nothing_reads_well(browser: Browser, tmp_path: Path) -> None:
    file = tmp_path / "nothing.html"
    file.write_text(report([], complete=False), encoding="utf-8")
    browser.open(file)
    assert browser.text("main").splitlines() == [
        "What was built, and what ran",
        "No build and no execution was found in this project, these regions and this time.",
    ]
    assert "not complete" in browser.text(".banner")
    assert browser.messages() == []


def test_5000_builds_are_drawn_as_bars_that_can_be_looked_into(browser: Browser, tmp_path: Path) -> None:
    builds = quarter(5_000)
    file = tmp_path / "large.html"
    file.write_text(report(builds, executions(builds)), encoding="utf-8")
    browser.resize(1280, 900)
    browser.open(file)
    assert browser.count("#picture g.hit") > 50
    browser.click("#picture g.hit:nth-of-type(40) rect")
    assert 0 < shown(browser) < 100
    assert browser.messages() == []


def test_each_job_has_a_line_with_what_it_runs(opened: Browser) -> None:
    lines = job_lines(RUNS)
    assert opened.count("#jobs .watch") == 0
    assert opened.count("#jobs li") == len(lines) > 0
    for line in lines:
        assert line.text in opened.text("#jobs")


GOING = WatchStatus(quiet(watch(), 3), (), START + timedelta(hours=4))
CLEAN = WatchStatus(ended_by_itself(quiet(watch(), 8), START + timedelta(days=1)))
WORSE = WatchStatus(replace(after(watch(), run(0, CRASH, failed=True)), reasons=("crash",)), (), START)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 768, 1400])
@pytest.mark.parametrize(("watched", "sign"), [(WORSE, "✗"), (CLEAN, "✓"), (GOING, "·")], ids=["worse", "clean", "on"])
def test_a_job_that_is_watched_says_how_it_goes(
    browser: Browser, tmp_path: Path, watched: WatchStatus, sign: str, width: int, scheme: str
) -> None:
    file = tmp_path / "watched.html"
    file.write_text(report(BUILDS[:40], RUNS[:20], watched=watched), encoding="utf-8")
    browser.prefer(scheme=scheme)
    browser.resize(width, 900)
    browser.open(file)
    assert browser.text("#jobs .watch").split("\n") == [sign, f"watch: {watched.text}"]
    assert browser.count("#jobs .worse") == (sign == "✗")
    assert browser.run(CONTRASTS) == []
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.messages() == []
