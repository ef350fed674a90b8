// What each verdict looks like: a colour (in the style sheet) and a shape, so that neither is needed alone.

const KINDS = [
  { name: "LOCAL_SOURCE", words: "local source", mark: "M-5-5h10v10h-10z" },
  { name: "FAILED", words: "refused", mark: "M0-6L6 5H-6z" },
  { name: "INCONCLUSIVE", words: "not certain", mark: "M0-6.5L6.5 0 0 6.5-6.5 0z" },
  { name: "EXEMPT", words: "exempt", mark: "M-4.5 0a4.5 4.5 0 1 0 9 0a4.5 4.5 0 1 0-9 0z" },
  { name: "VERIFIED", words: "verified", mark: "M-5.5 0a5.5 5.5 0 1 0 11 0a5.5 5.5 0 1 0-11 0z" },
];
const NOT_JUDGED = { name: "not judged", words: "not judged", mark: "M-5.5-1.5h11v3h-11z" };
const UNKNOWN_RUN = { name: "no build known", words: "made by no build listed here", mark: NOT_JUDGED.mark };

const kindOf = (verdict) => KINDS[verdict] ?? NOT_JUDGED;
const runKind = (run) => (run.named ? kindOf(run.verdict) : UNKNOWN_RUN);

function element(tag, attributes = {}, ...children) {
  return filled(document.createElement(tag), attributes, children);
}

function drawn(tag, attributes = {}, ...children) {
  return filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function filled(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== null && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null));
  return node;
}

function badge(verdict, words = kindOf(verdict).name) {
  const mark = drawn("svg", { viewBox: "-8 -8 16 16", class: "mark", "aria-hidden": "true" },
    drawn("path", { d: kindOf(verdict).mark, class: `v${verdict}` }));
  return element("span", { class: "badge" }, mark, words);
}

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
const DAY = 86400;

function moment(seconds) {
  return seconds === null ? "" : new Date(seconds * 1000).toISOString().slice(0, 16).replace("T", " ");
}

const yearOf = (seconds) => new Date(seconds * 1000).getUTCFullYear();

function dayOf(seconds, withYear = false) {
  const date = new Date(seconds * 1000);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}${withYear ? ` ${date.getUTCFullYear()}` : ""}`;
}

function lasting(seconds) {
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  const [large, small] = hours < 48 ? [`${hours} h`, `${minutes % 60} min`] : [`${Math.floor(hours / 24)} d`, `${hours % 24} h`];
  return small.startsWith("0 ") ? large : `${large} ${small}`;
}

const counted = (number, thing) => `${commas(number)} ${thing}${number === 1 ? "" : "s"}`;
const commas = (number) => number.toLocaleString("en");
const isId = (trigger) => /^[0-9a-f]{8}-[0-9a-f-]{27}$/i.test(trigger);
const imageName = (name) => name.split("/").slice(-2).join("/");
const short = (id) => id.split("-")[0].slice(0, 12);
