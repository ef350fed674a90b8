// All that is known of one build, as it opens under its row.

const SIGNS = { holds: "✓", fails: "✗", "could-not-check": "?", "not-applicable": "·" };
const SAID = { holds: "holds", fails: "fails", "could-not-check": "could not check", "not-applicable": "does not apply" };

function evidence(build) {
  return element("div", { class: "evidence" },
    element("dl", {},
      entry("Build", `${build.place}/${build.id} (${build.status || "without status"})`),
      entry("Created", `${moment(build.created) || "not known"} UTC${build.finished === null ? "" : `, took ${lasting(build.finished - build.created)}`}`),
      entry("Asked for by", askedBy(build)),
      entry("Source", sourceLine(build.source)),
      build.compared ? entry("Beside git", build.compared) : null,
      build.claims.length ? entry("Claims that nothing backs", build.claims.join("\n")) : null,
      build.images.length ? entry("Images", build.images.map((image) => `${image.name} ${image.digest}`).join("\n")) : null,
      build.runs.length ? entry("Ran as", build.runs.slice(0, 20).map((run) => `${run.name}, ${moment(run.started)} UTC`).join("\n") +
        (build.runs.length > 20 ? `\nand ${build.runs.length - 20} more` : "")) : null),
    findingsList(build),
    element("p", { class: "links" }, links(build)));
}

const entry = (name, words) => [element("dt", {}, name), element("dd", {}, words)];

function askedBy(build) {
  const who = build.who ? `${build.who}${build.agent ? ` with ${build.agent}` : ""}` : "";
  return build.trigger ? `trigger ${build.trigger}${who ? ` (${who})` : ""}` : who || "somebody by hand";
}

function sourceLine(source) {
  switch (source.kind) {
    case "commit": return `commit ${source.sha}${source.repository ? ` of ${source.repository}` : ""} (${source.strength}: ${source.field})`;
    case "upload": return `uploaded files: ${source.place}${source.tool === "unknown" ? "" : `, made by ${source.tool}`} (${source.field})`;
    case "none": return `none is recorded${source.service === "unknown" ? "" : `, as in builds of ${source.service}`}`;
    default: return `not certain: ${source.reason} (${source.field})`;
  }
}

function findingsList(build) {
  const findings = build.findings();
  if (!findings.length) return element("p", { class: "soft" }, "It did not succeed, so it was not judged.");
  return element("ul", { class: "findings" }, findings.map(({ check, outcome, seen, remedy }) => element("li", { class: outcome },
    element("span", { class: "sign", "aria-hidden": "true" }, SIGNS[outcome]),
    element("div", {},
      element("strong", {}, check.replaceAll("_", " ")), ` ${SAID[outcome]}: ${seen}`,
      remedy ? element("p", { class: "remedy" }, "Do this: ", element("code", {}, remedy)) : null))));
}

function links(build) {
  const [project, location] = build.place.split("/");
  const part = encodeURIComponent;
  const console = `https://console.cloud.google.com/cloud-build/builds;region=${part(location)}/${part(build.id)}?project=${part(project)}`;
  const found = [["Build in the console", console]];
  if (build.source.address) found.push(["Commit", build.source.address + part(build.source.sha)]);
  return found.map(([words, href]) => element("a", { href, target: "_blank", rel: "noopener noreferrer" }, words));
}
