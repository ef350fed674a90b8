// The tables: which rows are shown, and the evidence that opens under one.

const PAGE = 100;
const ELSEWHERE = "Build that is not listed here";
const wanted = { verdicts: new Set(), words: [], trigger: "", view: null };
let shown = PAGE, shownRuns = PAGE;

const haystack = new Map();
function searched(build) {
  if (!haystack.has(build)) {
    const images = build.images.map((image) => `${image.name} ${image.digest}`);
    const source = Object.values(build.source).join(" ");
    const runNames = build.runs.map((run) => run.name);
    haystack.set(build, [build.id, build.place, build.trigger || "by hand", build.who, build.status, kindOf(build.verdict).name,
      source, ...build.claims, ...images, ...runNames, moment(build.created)].join(" ").toLowerCase());
  }
  return haystack.get(build);
}

function matches(build) {
  return (!wanted.verdicts.size || wanted.verdicts.has(build.verdict)) && matchesBut(build);
}

// What the other filters leave, whatever the verdict: so many a chip would show.
function matchesBut(build) {
  const { words, trigger, view } = wanted;
  return (!trigger || (trigger === "by hand" ? !build.trigger : build.trigger === trigger.slice(1)))
    && (!view || (build.created !== null && build.created >= view.from && build.created < view.to))
    && words.every((word) => searched(build).includes(word));
}

const cell = (label, ...children) => element("td", { "data-label": label, role: "cell" }, children);

function row(build) {
  const id = `evidence-${build.index}`;
  const opener = element("button",
    { type: "button", class: "opener", "aria-expanded": "false", "aria-controls": id, onclick: () => toggle(line) },
    badge(build.verdict, build.verdict < 0 ? build.status || NOT_JUDGED.name : undefined));
  const line = element("tr", { id: `build-${build.index}`, role: "row" },
    cell("Verdict", opener),
    cell("Created", moment(build.created)),
    cell("Built", built(build)),
    cell("Source", sourceShort(build)),
    cell("By", build.who || element("span", { class: "whole" }, build.trigger ? "trigger" : "by hand")),
    cell("Ran", build.runs.length ? counted(build.runs.length, "time") : "–"));
  line.build = build;
  return line;
}

function built(build) {
  return triggerName(build) || imageOf(build) || `build ${short(build.id)}`;
}

const imageOf = (build) => build.images[0]?.name.split("/").slice(-1)[0];

// A trigger without a name has its id alone, which tells nobody anything: its image stands beside it.
function triggerName(build) {
  if (!isId(build.trigger)) return build.trigger;
  const image = imageOf(build);
  return image ? `${image} (${short(build.trigger)})` : short(build.trigger);
}

function sourceShort({ source }) {
  switch (source.kind) {
    case "commit": return element("code", {}, source.sha.slice(0, 7));
    case "upload": return source.tool === "unknown" ? "uploaded files" : source.tool;
    case "none": return source.service === "unknown" ? "none" : source.service;
    default: return "not certain";
  }
}

function toggle(line, opened = line.querySelector(".opener").getAttribute("aria-expanded") === "false") {
  const opener = line.querySelector(".opener");
  const id = opener.getAttribute("aria-controls");
  document.getElementById(id)?.remove();
  opener.setAttribute("aria-expanded", String(opened));
  if (opened) line.after(element("tr", { id, class: "opened", role: "row" }, element("td", { colspan: 6, role: "cell" }, evidence(line.build))));
}

function showBuilds() {
  const found = builds.filter(matches);
  document.querySelector("#builds tbody").replaceChildren(...found.slice(0, shown).map(row));
  const part = found.length > shown ? `; the first ${commas(shown)} are listed` : "";
  document.getElementById("count").textContent = (found.length === builds.length
    ? counted(found.length, "build") : `${commas(found.length)} of ${counted(builds.length, "build")}`) + part;
  countChips();
  leaveOut("builds", found.slice(0, shown));
  moreButton("more", found.length - shown, () => { shown += 4 * PAGE; showBuilds(); });
}

// A column in which no row has anything is left out.
function leaveOut(id, rows) {
  const table = document.getElementById(id);
  table.classList.toggle("no-runs", !rows.some((build) => build.runs.length));
}

function showRuns() {
  document.getElementById("runs-section").hidden = !runs.length;
  const { view } = wanted;
  const found = runs.filter((run) => !view || (run.started >= view.from && run.started < view.to));
  document.querySelector("#runs tbody").replaceChildren(...found.slice(0, shownRuns).map((run) => element("tr", { role: "row" },
    cell("What it ran", badge(run.named ? run.verdict : -1, runKind(run).name)),
    cell("Began", moment(run.started)),
    cell("Took", run.succeeded === null ? "no end yet" : `${took(run)}${run.succeeded ? "well" : "badly"}`),
    cell("Execution", run.name),
    cell("Build", buildOfRun(run)))));
  document.getElementById("jobs").replaceChildren(...report.jobs.map(([verdict, words, isWell, watch]) => element("li", {},
    badge(verdict ?? -1, verdict === null ? UNKNOWN_RUN.name : undefined), ` ${words}`,
    watch ? element("p", { class: isWell === false ? "watch worse" : "watch" }, watchSign(isWell), watch) : null)));
  document.getElementById("runs-count").textContent = counted(found.length, "execution");
  moreButton("more-runs", found.length - shownRuns, () => { shownRuns += 4 * PAGE; showRuns(); });
}

// A sign beside the words, so that no colour is needed to see that it got worse.
function watchSign(isWell) {
  const outcome = isWell === null ? "not-applicable" : isWell ? "holds" : "fails";
  return element("span", { class: `sign ${outcome}`, "aria-hidden": "true" }, SIGNS[outcome]);
}

const took = (run) => (run.ended === null ? "" : `${lasting(run.ended - run.started)}, `);

function buildOfRun(run) {
  if (!run.build) return run.named ? `${ELSEWHERE}: ${run.named}` : "none that is known";
  return element("button", { type: "button", class: "link", onclick: () => openBuild(run.build) }, `${built(run.build)} ${short(run.build.id)}`);
}

function moreButton(id, left, act) {
  const button = document.getElementById(id);
  button.hidden = left <= 0;
  button.textContent = `Show more (${commas(left)} left)`;
  button.onclick = act;
}

function openBuild(build) {
  if (!matches(build)) clearFilters();
  shown = Math.max(shown, builds.filter(matches).indexOf(build) + 1);
  showBuilds();
  const line = document.getElementById(`build-${build.index}`);
  toggle(line, true);
  line.scrollIntoView({ block: "start" });
  line.querySelector(".opener").focus({ preventScroll: true });
}
