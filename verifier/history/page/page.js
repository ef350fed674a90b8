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
  const move = (by) => () => setView({ from: view.from + by * (view.to - view.from), to: view.to + by * (view.to - view.from) });
  const show = (seconds) => () => setView(seconds ? { from: whole.to - seconds, to: whole.to } : whole);
  document.getElementById("ranges").append(
    element("button", { type: "button", onclick: move(-0.5) }, "Earlier"),
    element("button", { type: "button", onclick: move(0.5) }, "Later"),
    ...RANGES.map(([words, seconds]) => element("button", { type: "button", "data-seconds": seconds, onclick: show(seconds) }, words)));
}

function chips() {
  const counts = [0, 1, 2, 3, 4, -1].map((verdict) => [verdict, builds.filter((build) => build.verdict === verdict).length]);
  document.getElementById("chips").append(...counts.filter(([, count]) => count).map(([verdict, count]) => {
    const chip = element("button", { type: "button", class: "chip", "aria-pressed": "false", "data-verdict": verdict },
      badge(verdict), element("span", { class: "soft" }, ` ${count.toLocaleString("en")}`));
    chip.addEventListener("click", () => {
      if (!wanted.verdicts.delete(verdict)) wanted.verdicts.add(verdict);
      chip.setAttribute("aria-pressed", String(wanted.verdicts.has(verdict)));
      shown = PAGE;
      showBuilds();
    });
    return chip;
  }));
}

function fields() {
  const names = [...new Set(builds.map((build) => build.trigger).filter(Boolean))].sort();
  const select = document.getElementById("trigger");
  select.append(element("option", { value: "" }, "all"), element("option", { value: "by hand" }, "none: by hand"),
    ...names.map((name) => element("option", { value: `=${name}` }, name)));
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
  const bar = (counts) => counts.flatMap((count, verdict) => (count ? [badge(verdict, `${count.toLocaleString("en")} ${KINDS[verdict].name}`)] : []));
  const list = (title, items) => (items.length ? [element("div", { class: "group" }, element("h3", {}, title), element("ul", {}, items.map((item) => element("li", {}, item))))] : []);
  const until = (end) => (end === null ? "and still is" : `to ${moment(end)} UTC`);
  document.getElementById("numbers").append(
    ...list("By verdict", [...bar(summary.counts), ...summary.notSuccessful.map(([status, count]) => `${counted(count, "build")} not judged: ${status || "without status"}`)]),
    ...list("Longest on local source", summary.stretches.map(([image, start, end]) => `${imageName(image)}: ${moment(start)} ${until(end)}`)),
    ...summary.groups.flatMap(([title, groups, left]) => list(title, [
      ...groups.map(([name, counts]) => [element("span", { class: "name", title: name }, imageName(name)), " ", bar(counts)]), ...(left ? [`${left} more`] : [])])),
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
