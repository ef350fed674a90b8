// The time line: builds as stacks of marks (of bars, where they are many), and under them what each job ran.

const STEPS = [900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 56 * DAY, 91 * DAY, 364 * DAY];
const COLUMN = 14, MOST_MARKS = 9, BARS = 120, LANE = 46, STRIPE = 20, LABEL = 84, HEAD = 16;

function drawPicture(view, open, zoom) {
  const box = document.getElementById("picture");
  const width = Math.max(280, Math.floor(box.clientWidth));
  const at = (time) => ((time - view.from) / (view.to - view.from)) * width;
  const stacks = stacked(view, width);
  const height = stacks.height + 26;
  const lanes = jobs.map((job, number) => drawJob(job, height + number * LANE, at, view, width, open));
  const bottom = height + jobs.length * LANE + 6;
  box.replaceChildren(drawn("svg",
    { viewBox: `0 0 ${width} ${bottom + 20}`, role: "img", "aria-label": spoken(view) },
    drawn("defs", {}, patterns()),
    ticks(view, width, bottom),
    stacks.many ? bars(stacks, height, width, zoom, view) : marks(stacks, height, open),
    scale(stacks, height, width),
    drawn("line", { class: "base", x1: 0, x2: width, y1: height, y2: height }),
    lanes));
}

function stacked(view, width) {
  const columns = Math.floor(width / COLUMN);
  const bins = Array.from({ length: columns }, () => []);
  for (const build of builds) {
    if (build.created === null || build.created < view.from || build.created >= view.to) continue;
    bins[Math.min(columns - 1, Math.floor(((build.created - view.from) / (view.to - view.from)) * columns))].push(build);
  }
  const most = Math.max(1, ...bins.map((bin) => bin.length));
  const many = most > MOST_MARKS;
  const order = (build) => (build.verdict < 0 ? KINDS.length : build.verdict);
  for (const bin of bins) bin.sort((one, other) => order(one) - order(other) || one.created - other.created);
  return { bins, most, many, column: width / columns, height: (many ? BARS : Math.max(2, most) * COLUMN) + HEAD };
}

// How many builds the highest stack stands for: without it, one cannot tell three from three hundred.
function scale({ most, many }, base, width) {
  const tall = many ? BARS - 12 : (most - 0.5) * COLUMN + 1;
  const top = base - tall - (many ? 0 : COLUMN / 2);
  return drawn("g", {},
    drawn("line", { class: "tick", x1: 0, x2: width, y1: top, y2: top, "stroke-dasharray": "2 4" }),
    drawn("text", { class: "axis", x: 0, y: top - 5 }, counted(most, "build")));
}

function marks({ bins, column }, base, open) {
  return bins.flatMap((bin, x) => bin.map((build, y) => drawn("path",
    {
      d: kindOf(build.verdict).mark, class: `hit v${build.verdict}`, onclick: () => open(build),
      transform: `translate(${((x + 0.5) * column).toFixed(1)} ${base - (y + 0.5) * COLUMN - 1})`,
    },
    drawn("title", {}, `${kindOf(build.verdict).name}: ${triggerName(build) || "by hand"}, ${moment(build.created)} UTC`))));
}

function bars({ bins, most, column }, base, width, zoom, view) {
  const seconds = (view.to - view.from) / bins.length;
  return bins.map((bin, x) => {
    const from = view.from + x * seconds;
    const counts = [0, 1, 2, 3, 4, -1].map((verdict) => [verdict, bin.filter((build) => build.verdict === verdict).length]);
    let y = base;
    const parts = counts.filter(([, count]) => count).map(([verdict, count]) => {
      const tall = Math.max(3, (count / most) * (BARS - 12));
      y -= tall;
      return drawn("rect", { x: x * column + 1, y, width: column - 2, height: tall, ...paint(verdict) });
    });
    const words = counts.filter(([, count]) => count).map(([verdict, count]) => `${commas(count)} ${kindOf(verdict).name}`);
    const title = drawn("title", {}, `From ${moment(from)} UTC: ${words.join(", ")}. Click to look closer`);
    return drawn("g", { class: "hit", onclick: () => zoom(from, from + seconds) }, parts, title);
  });
}

function drawJob(job, top, at, view, width, open) {
  const own = runs.filter((run) => run.job === job).reverse();
  const name = drawn("text", { x: 0, y: top + 17, class: "lane" }, job.split("/").at(-1));
  const y = top + 23;
  const bands = [];
  own.forEach((run, index) => {
    const until = own[index + 1]?.started ?? view.to;
    const kind = run.named ? run.verdict : -1;
    const last = bands.at(-1);
    if (last && last.kind === kind) last.to = until;
    else bands.push({ kind, from: run.started, to: until });
  });
  const seen = (from, to) => to >= view.from && from <= view.to;
  const within = (time) => Math.min(width, Math.max(0, at(time)));
  let free = job.split("/").at(-1).length * 8 + 8;  // where the lane's name and the labels before end
  const stripes = bands.filter((band) => seen(band.from, band.to)).map((band) => {
    const [x, end] = [within(band.from), within(band.to)];
    const shape = { x, y, width: Math.max(1, end - x), height: STRIPE };
    const middle = Math.min(width - LABEL / 2, Math.max(LABEL / 2, (x + end) / 2));
    const told = band.kind === 0 && middle - LABEL / 2 > free;
    if (told) free = middle + LABEL / 2;
    return [
      drawn("rect", { ...shape, ...paint(band.kind, "band") }),
      told ? drawn("text", { x: middle, y: top + 17, class: "told", "text-anchor": "middle" }, "in no commit") : null,
    ];
  });
  const ran = own.filter((run) => seen(run.started, run.ended ?? run.started)).map((run) => {
    const x = within(run.started);
    const wide = Math.max(3, within(run.ended ?? run.started) - x);
    const title = `${runKind(run).name}: ${run.name}, ${moment(run.started)} UTC`;
    return drawn("rect",
      { x, y, width: wide, height: STRIPE, ...paint(run.named ? run.verdict : -1, "hit ran"), onclick: () => run.build && open(run.build) },
      drawn("title", {}, title));
  });
  return drawn("g", {}, name, stripes.flat(), ran);
}

function ticks(view, width, bottom) {
  const wanted = Math.max(2, Math.floor(width / 76));
  const step = STEPS.find((seconds) => (view.to - view.from) / seconds <= wanted) ?? STEPS.at(-1);
  const lines = [];
  let year = null;
  for (let time = Math.ceil(view.from / step) * step; time < view.to; time += step) {
    const x = ((time - view.from) / (view.to - view.from)) * width;
    // The year stands where the axis begins, and where another one does.
    const label = step < DAY && time % DAY ? moment(time).slice(11) : dayOf(time, yearOf(time) !== year);
    if (x > 2 && x < width - 38 && !(step < DAY && time % DAY)) year = yearOf(time);
    lines.push(drawn("line", { class: "tick", x1: x, x2: x, y1: 0, y2: bottom }));
    const half = label.length * 3.4;
    if (x > 2 && x < width - half) lines.push(drawn("text", { class: "axis", x: Math.max(x, half), y: bottom + 15, "text-anchor": "middle" }, label));
  }
  return lines;
}

const paint = (verdict, others = "") => (verdict === 4 ? { class: `v4 ${others}` } : { class: others, fill: `url(#fill${verdict})` });

// Verified is plain; every other kind has a texture of its own.
function patterns() {
  const textures = { 0: "M0 8L8 0M-2 2L2-2M6 10L10 6", 1: "M0 0L8 8M0 8L8 0", 2: "M4 2v4M2 4h4", 3: "M0 4h8", "-1": "M4 0v8" };
  return Object.entries(textures).map(([verdict, d]) => drawn("pattern",
    { id: `fill${verdict}`, width: 8, height: 8, patternUnits: "userSpaceOnUse" },
    drawn("rect", { width: 8, height: 8, class: `v${verdict}` }), drawn("path", { d, class: "texture" })));
}

function spoken(view) {
  const shown = builds.filter((build) => build.created !== null && build.created >= view.from && build.created < view.to);
  const counts = [0, 1, 2, 3, 4, -1].map((verdict) => [kindOf(verdict).name, shown.filter((build) => build.verdict === verdict).length]);
  const words = counts.filter(([, count]) => count).map(([name, count]) => `${count} ${name}`);
  return `Time line from ${moment(view.from)} to ${moment(view.to)} UTC: ${counted(shown.length, "build")}` +
    `${words.length ? ` (${words.join(", ")})` : ""}. The tables below say the same.`;
}
