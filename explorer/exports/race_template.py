"""The page of a race: one document with its style and its script; $TITLE and $DATA are filled in."""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'unsafe-inline'; \
style-src 'unsafe-inline'; img-src data:">
<title>$TITLE</title>
<style>
:root { --ink: #1a2230; --paper: #fff; --quiet: #55606f; --accent: #2f55d4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8edf4; --paper: #10151d; --quiet: #a4b0c0; --accent: #8fa9ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 1400px; font: 16px/1.45 system-ui, sans-serif; color: var(--ink);
  background: var(--paper); }
h1 { font-size: 1.3rem; }
#maps { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(260px, 100%), 1fr)); gap: 1rem; }
figure { margin: 0; }
figcaption { font-weight: 600; }
.map { position: relative; aspect-ratio: 1; }
canvas, svg.marks { position: absolute; inset: 0; width: 100%; height: 100%; }
path { fill: none; vector-effect: non-scaling-stroke; stroke-linejoin: round; }
.contour { stroke: #ffffff70; stroke-width: 1; }
.casing { stroke: #10151d; stroke-width: 5; }
.walk { stroke-width: 2.5; }
.ahead { stroke: #10151d80; stroke-width: 1.2; }
.swatch { vertical-align: middle; margin-right: .3rem; }
.axes { display: flex; justify-content: space-between; color: var(--quiet); font-size: .85rem; }
.controls { display: flex; gap: .6rem; align-items: center; flex-wrap: wrap; margin: 1rem 0; }
button, input { font: inherit; min-height: 2rem; accent-color: var(--accent); }
input { flex: 1; min-width: 10rem; }
button { padding: .2rem .9rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
p, #notes { color: var(--quiet); }
</style>
</head>
<body>
<main>
<h1>$TITLE</h1>
<div class="controls">
<button type="button" id="play">Play</button>
<button type="button" id="rewind">Rewind</button>
<input type="range" id="step" min="0" value="0" aria-label="Step">
<output id="says" for="step"></output>
</div>
<div id="maps"></div>
<h2>Lowest loss at this step</h2>
<ol id="leaders"></ol>
<ul id="notes"></ul>
<p id="scale"></p>
</main>
<script type="application/json" id="data">$DATA</script>
<script>
"use strict";
(() => {
  const { map, runners } = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const VIRIDIS = ["440154", "482878", "3e4989", "31688e", "26828e", "1f9e89", "35b779", "6ece58", "fde725"]
    .map((hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16)));
  const SIZE = 1000;
  const [[x0, x1], [y0, y1]] = map.extent;
  const place = ([x, y]) => [((x - x0) / (x1 - x0)) * SIZE, ((y1 - y) / (y1 - y0)) * SIZE];
  const short = (value) => (value === null ? "not finite" : String(Number(value.toPrecision(4))));
  const end = Math.max(...runners.map(({ losses }) => losses.length - 1));

  const make = (name, attributes = {}, children = [], space) => {
    const node = space ? document.createElementNS(space, name) : document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };
  const svg = (name, attributes, children) => make(name, attributes, children, "http://www.w3.org/2000/svg");

  const color = (code) => {
    const at = (code / 254) * (VIRIDIS.length - 1);
    const i = Math.min(Math.floor(at), VIRIDIS.length - 2);
    return VIRIDIS[i].map((value, k) => value + (VIRIDIS[i + 1][k] - value) * (at - i));
  };
  const paint = (canvas) => {
    const [height, width] = map.shape;
    Object.assign(canvas, { width, height });
    const codes = Uint8Array.from(atob(map.codes), (c) => c.charCodeAt(0));
    const image = new ImageData(width, height);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        const code = codes[(height - 1 - row) * width + column];
        if (code < 255) image.data.set([...color(code), 255], 4 * (row * width + column));
      }
    }
    canvas.getContext("2d").putImageData(image, 0, 0);
  };

  const pixels = (at) => place(at).map((value) => value.toFixed(1)).join();
  const line = (points) => points.map((at, i) => (i ? "L" : "M") + pixels(at)).join("");
  const cased = ({ color: stroke, dash }, d = "") => [svg("path", { class: "casing", d }),
    svg("path", { class: "walk", d, stroke, "stroke-dasharray": dash })];
  const swatch = (runner) =>
    svg("svg", { class: "swatch", width: 30, height: 10, "aria-hidden": "true" }, cased(runner, "M2,5H28"));

  /* Every prefix of a path is a prefix of one string. */
  const walker = (runner) => {
    let d = "";
    const ends = runner.at.map((at) => (d += at ? (d ? "L" : "M") + pixels(at) : "").length);
    const walked = cased(runner);
    const dot = svg("circle", { r: 14, fill: runner.color, stroke: "#10151d", "stroke-width": 5 });
    const [cx, cy] = runner.at[0] ? place(runner.at[0]) : [0, 0];
    const home = svg("circle", { cx, cy, r: 16, fill: "none", stroke: "#fff", "stroke-width": 6 });
    const show = (step) => {
      const k = Math.min(step, runner.at.length - 1);
      for (const node of walked) node.setAttribute("d", d.slice(0, ends[k]));
      const at = runner.at[k];
      dot.setAttribute("visibility", at ? "visible" : "hidden");
      if (at) [["cx", place(at)[0]], ["cy", place(at)[1]]].forEach(([key, value]) => dot.setAttribute(key, value));
    };
    return { show, nodes: [svg("path", { class: "ahead", d }), home, ...walked, dot] };
  };

  const walkers = runners.map((runner) => {
    const canvas = make("canvas");
    paint(canvas);
    const contours = map.contours.map((points) => svg("path", { class: "contour", d: line(points) }));
    const each = walker(runner);
    const marks = svg("svg", { class: "marks", viewBox: `0 0 ${SIZE} ${SIZE}`, preserveAspectRatio: "none", role: "img",
      "aria-label": `${runner.name}: ${runner.note || "its path on the landscape"}` }, [...contours, ...each.nodes]);
    const spans = map.extent.map(([low, high], i) => `${map.labels[i]} ${short(low)} to ${short(high)}`);
    byId("maps").append(make("figure", {}, [
      make("figcaption", {}, [swatch(runner), runner.name]),
      make("div", { class: "map" }, [canvas, marks]),
      make("div", { class: "axes" }, spans.map((text) => make("span", {}, [text]))),
    ]));
    return each;
  });

  let step = 0;
  let last = 0;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const show = (to) => {
    step = Math.min(end, Math.max(0, to));
    const whole = Math.floor(step);
    for (const each of walkers) each.show(whole);
    byId("step").value = whole;
    byId("says").textContent = `step ${whole} of ${end}`;
    const loss = ({ losses }) => losses[Math.min(whole, losses.length - 1)];
    const ranked = [...runners].sort((a, b) => (loss(a) ?? Infinity) - (loss(b) ?? Infinity));
    const places = ranked.map((each) => make("li", {}, [swatch(each), `${each.name}: ${short(loss(each))}`]));
    byId("leaders").replaceChildren(...places);
    byId("play").textContent = still ? "Step on" : last ? "Pause" : "Play";
  };
  const frame = (now) => {
    if (!last) return;
    // Eight seconds for the whole, but at least ten steps a second.
    const to = step + ((now - last) / 1000) * Math.max(10, end / 8);
    last = to >= end ? 0 : now;
    show(to);
    if (last) requestAnimationFrame(frame);
  };
  byId("play").addEventListener("click", () => {
    if (still) return show(step >= end ? 0 : step + 1);
    last = last ? 0 : performance.now();
    show(step >= end ? 0 : step);
    requestAnimationFrame(frame);
  });
  byId("rewind").addEventListener("click", () => ((last = 0), show(0)));
  byId("step").addEventListener("input", () => ((last = 0), show(Number(byId("step").value))));
  byId("step").max = end;
  byId("scale").textContent = `Loss in color, ${map.scale}; purple is low, yellow is high.`;
  const told = runners.filter(({ note }) => note);
  byId("notes").append(...told.map(({ name, note }) => make("li", {}, [`${name}: ${note}`])));
  show(0);
})();
</script>
</body>
</html>
"""
