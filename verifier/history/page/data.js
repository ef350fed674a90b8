"use strict";
// The report's data, back from rows of numbers to builds and executions.

const report = JSON.parse(document.getElementById("data").textContent);
const text = (index) => report.texts[index];

function record(columns, row) {
  return Object.fromEntries(columns.map((name, index) => [name, row[index]]));
}

function sourceOf([kind, ...cells]) {
  switch (kind) {
    case "commit": {
      const [sha, repository, strength, field, address] = cells;
      return { kind, sha, repository: text(repository), strength: text(strength), field: text(field), address: text(address) };
    }
    case "upload": {
      const [bucket, object, generation, tool, field] = cells;
      return { kind, place: `gs://${text(bucket)}/${object}`, generation, tool: text(tool), field: text(field) };
    }
    case "none":
      return { kind, service: text(cells[0]), field: text(cells[1]) };
    default:
      return { kind, reason: text(cells[0]), field: text(cells[1]) };
  }
}

// Letters of Unicode's private area stand for what the row has already.
function expander(source, claims) {
  const own = {
    "\ue000": source.sha ?? "",
    "\ue001": (source.sha ?? "").slice(0, 7),
    "\ue002": source.place ?? "",
    "\ue003": claims.join(", "),
    "\ue004": (claims[0] ?? "").replace(/^[^=]*=/, ""),
  };
  return (words) => words.replace(/[\ue000-\ue004]/g, (sign) => own[sign]);
}

function buildOf(row, index) {
  const cells = record(report.columns, row);
  const source = sourceOf(cells.source);
  const expand = expander(source, cells.claims);
  const [who, agent = ""] = text(cells.who).split("\n");
  let digest = "";
  const images = cells.images.map(([name, own]) => ({ name: expand(text(name)), digest: (digest = own ?? digest) }));
  return {
    index, source, who, agent, images,
    id: cells.id, place: text(cells.place), created: cells.created, claims: cells.claims, verdict: cells.verdict,
    finished: cells.took === null ? null : cells.created + cells.took,
    status: text(cells.status), trigger: text(cells.trigger), compared: text(cells.compared), runs: [],
    findings: () => report.findings[cells.findings].map(([check, outcome, seen, remedy]) => (
      { check, outcome, seen: expand(text(seen)), remedy: text(remedy) })),
  };
}

const builds = report.rows.map(buildOf);
const byName = new Map(builds.map((build) => [`${build.place}/${build.id}`, build]));

function runOf(row) {
  const cells = record(report.runColumns, row);
  const named = cells.build && `${text(cells.build[0])}/${cells.build[1]}`;
  const run = { ...cells, job: text(cells.job), named, build: byName.get(named) ?? null };
  run.build?.runs.push(run);
  return run;
}

const runs = report.runs.map(runOf).sort((one, other) => other.started - one.started);
const jobs = [...new Set(runs.map((run) => run.job))].sort();

function span() {
  const times = builds.flatMap((build) => (build.created === null ? [] : [build.created, build.finished ?? build.created]));
  times.push(...runs.flatMap((run) => [run.started, run.ended ?? run.started]));
  if (!times.length) return null;
  const [from, to] = times.reduce(([low, high], time) => [Math.min(low, time), Math.max(high, time)], [Infinity, -Infinity]);
  const margin = Math.max((to - from) * 0.01, 900);
  return { from: from - margin, to: to + margin, last: to };
}
