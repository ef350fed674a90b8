// What the page begins with, and what its controls do.

const whole = span();
const RANGES = [["24 h", DAY], ["7 d", 7 * DAY], ["30 d", 30 * DAY], ["All", 0]];
let view = whole;

function setView(next) {
  view = next === whole ? whole : inside(next);
  wanted.view = view === whole ? null : view;
  [shown, shownRuns] = [PAGE, PAGE];
  refresh();
}

// As wide as asked for, and no further to either side than there is anything to see.
function inside({ from, to }) {
  const wide = to - from;
  const start = Math.min(whole.to - wide, Math.max(from, whole.from));
  return { from: start, to: start + wide };
}

// Where the next step shows nothing at all, the one that has the next thing in it.
function nextWith(by, next) {
  const times = [...builds.map((build) => build.created), ...runs.map((run) => run.started)].filter((time) => time !== null);
  if (times.some((time) => time >= next.from && time < next.to)) return next;
  const wide = next.to - next.from;
  const beyond = times.filter((time) => (by < 0 ? time < next.from : time >= next.to));
  if (!beyond.length) return view;
  const nearest = beyond.reduce((one, other) => ((by < 0 ? other > one : other < one) ? other : one));
  return by < 0 ? { from: nearest - wide * 0.5, to: nearest + wide * 0.5 } : { from: nearest - wide * 0.5, to: nearest + wide * 0.5 };
}

function refresh() {
  if (whole) drawPicture(view, openBuild, (from, to) => setView({ from, to }));
  showBuilds();
  showRuns();
  for (const button of document.querySelectorAll("#ranges [data-seconds]")) {
    const seconds = Number(button.dataset.seconds);
    const pressed = seconds ? wanted.view !== null && Math.round(view.to - view.from) === seconds : wanted.view === null;
    button.setAttribute("aria-pressed", String(pressed));
  }
  document.getElementById("picture-note").textContent = whole
    ? `${moment(view.from)} to ${moment(view.to)} UTC. Each mark is a build; a bar is many. ${jobs.length
      ? "Below, each job: its executions, and between them, paler, what it ran last." : ""}`
    : "No build and no execution was found in this project, these regions and this time.";
}

function clearFilters() {
  wanted.verdicts.clear();
  Object.assign(wanted, { words: [], trigger: "" });
  document.getElementById("search").value = "";
  document.getElementById("trigger").value = "";
  for (const chip of document.querySelectorAll("#chips button")) chip.setAttribute("aria-pressed", "false");
  setView(whole);
}

function ranges() {
  const move = (by) => () => setView(nextWith(by, { from: view.from + by * (view.to - view.from), to: view.to + by * (view.to - view.from) }));
  // To the last build or execution there is, with a little room beside it.
  const show = (seconds) => () => setView(seconds ? { from: whole.last - seconds * 0.99, to: whole.last + seconds * 0.01 } : whole);
  const shorter = RANGES.filter(([, seconds]) => seconds < whole.to - whole.from);
  if (shorter.length < 2) return;
  document.getElementById("ranges").append(
    element("button", { type: "button", onclick: move(-0.5) }, "Earlier"),
    element("button", { type: "button", onclick: move(0.5) }, "Later"),
    ...shorter.map(([words, seconds]) => element("button", { type: "button", "data-seconds": seconds, onclick: show(seconds) }, words)));
}

function chips() {
  const counts = [0, 1, 2, 3, 4, -1].map((verdict) => [verdict, builds.filter((build) => build.verdict === verdict).length]);
  document.getElementById("chips").append(...counts.filter(([, count]) => count).map(([verdict, count]) => {
    const chip = element("button", { type: "button", class: "chip", "aria-pressed": "false", "data-verdict": verdict },
      badge(verdict), element("span", { class: "soft" }, ` ${commas(count)}`));
    chip.addEventListener("click", () => {
      if (!wanted.verdicts.delete(verdict)) wanted.verdicts.add(verdict);
      chip.setAttribute("aria-pressed", String(wanted.verdicts.has(verdict)));
      shown = PAGE;
      showBuilds();
    });
    return chip;
  }));
}

function countChips() {
  const left = builds.filter(matchesBut);
  for (const chip of document.querySelectorAll("#chips button")) {
    const verdict = Number(chip.dataset.verdict);
    chip.querySelector(".soft").textContent = ` ${commas(left.filter((build) => build.verdict === verdict).length)}`;
  }
}

function fields() {
  const names = [...new Set(builds.map((build) => build.trigger).filter(Boolean))].sort();
  const labelOf = new Map(builds.filter((build) => build.trigger).map((build) => [build.trigger, triggerName(build)]));
  const select = document.getElementById("trigger");
  select.append(element("option", { value: "" }, "all"), element("option", { value: "by hand" }, "none: by hand"),
    ...names.map((name) => element("option", { value: `=${name}` }, labelOf.get(name))));
  const changed = () => {
    wanted.words = document.getElementById("search").value.toLowerCase().split(/\s+/).filter(Boolean);
    wanted.trigger = select.value;
    shown = PAGE;
    showBuilds();
  };
  select.addEventListener("change", changed);
  document.getElementById("search").addEventListener("input", changed);
}

function numbers() {
  const { summary } = report;
  const bar = (counts) => counts.flatMap((count, verdict) => (count ? [badge(verdict, `${commas(count)} ${KINDS[verdict].name}`)] : []));
  const list = (title, items) => (items.length ? [element("div", { class: "group" }, element("h3", {}, title), element("ul", {}, items.map((item) => element("li", {}, item))))] : []);
  const stretch = ([image, start, end]) => `${imageName(image)}: ${end === null
    ? `${lasting(whole.last - start)} and still, since ${moment(start)} UTC` : `${lasting(end - start)}, from ${moment(start)} UTC`}`;
  const labelOf = new Map(builds.map((build) => [build.trigger, triggerName(build)]));
  document.getElementById("numbers").append(
    ...list("By verdict", [...bar(summary.counts), ...summary.notSuccessful.map(([status, count]) => `${counted(count, "build")} not judged: ${status || "without status"}`)]),
    ...list("Longest on local source", summary.stretches.map(stretch)),
    ...summary.groups.flatMap(([title, groups, left]) => list(title, [
      ...groups.map(([name, counts]) => [element("span", { class: "name", title: name }, labelOf.get(name) ?? imageName(name)), " ", bar(counts)]), ...(left ? [`${commas(left)} more`] : [])])),
    ...list(`Claims that nothing backs, in ${counted(summary.unbacked, "build")}`, summary.claims.map(([name, count]) => `${name} ×${count}`)));
  const from = summary.first === null ? "" : `, created from ${moment(summary.first)} to ${moment(summary.last)} UTC`;
  document.getElementById("span").textContent = `${counted(summary.builds, "build")}${from}${runs.length ? `; ${counted(runs.length, "execution")}` : ""}`;
}

for (const node of document.querySelectorAll("table")) node.setAttribute("role", "table");
for (const node of document.querySelectorAll("thead, tbody")) node.setAttribute("role", "rowgroup");
for (const node of document.querySelectorAll("thead tr")) node.setAttribute("role", "row");
for (const node of document.querySelectorAll("thead th")) node.setAttribute("role", "columnheader");
if (whole) ranges();
for (const id of ["numbers-section", "builds-section"]) document.getElementById(id).hidden = !builds.length;
chips();
fields();
numbers();
refresh();
if (whole) {
  let width = 0;
  new ResizeObserver(([box]) => {
    if (Math.abs(box.contentRect.width - width) < 1) return;
    width = box.contentRect.width;
    drawPicture(view, openBuild, (from, to) => setView({ from, to }));
  }).observe(document.getElementById("picture"));
}
