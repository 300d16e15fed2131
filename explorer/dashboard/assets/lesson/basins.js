/* Basins: the map of where descents from every point of the window end. The server works on it while it is asked. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const svg = (...given) => explorer.svg(...given);
  /* A map does not depend on these. */
  const APART = ["w", "hide", "mode", "layers", "opt", "batch", "seed", "schedule", "at", "activity"];
  /* Milliseconds of work that need no bar. */
  const PATIENCE = 500;
  const on = () => explorer.state.view === "basins";
  const rates = () => explorer.state.across === "rates";
  /* Of the map that is drawn: it stays until another is there. */
  const byRate = () => map?.labels[1] === "lr";
  const optimizer = () => explorer.state.basin || "gd";

  let plot = null;
  let began = 0;
  let map = null;
  let fresh = false;
  let walks = null;
  let finished = null;
  let layer = null;

  /* ---- asking ---- */
  const wanted = () => explorer.query({ ...explorer.state, activity: "" }, [...APART, rates() ? "lr" : "b"]);
  const ask = () => {
    const { asked } = explorer;
    if (!on()) return delete asked.basins;
    const query = wanted();
    if (query === asked.basins) return;
    [asked.basins, began] = [query, performance.now()];
    fresh = false;
    // Only the last of several changes is worked on: what nobody asks for any more stands still.
    explorer.send("basins-query", { query, seen: 0, at: Date.now() });
    waiting(0);
  };

  const receive = (reply) => {
    if (reply.query !== explorer.asked.basins || !on()) return;
    if (reply.map) show(reply.map);
    waiting(reply.done ? null : reply.share);
    if (reply.done) finished = reply.query;
    else explorer.send("basins-query", { query: reply.query, seen: reply.stage, at: Date.now() });
  };

  const waiting = (share) => {
    byId("basins-wait").hidden = share === null || performance.now() - began < PATIENCE;
    byId("basins-progress").value = share ?? 1;
    byId("basins-card").classList.toggle("pending", !fresh);
  };

  /* ---- drawing ---- */
  const decoded = ({ codes, shape, kinds, scale }) => {
    if (scale) return explorer.colors.decode({ codes, shape }).z;
    const flat = Float32Array.from(atob(codes), (c) => (c.charCodeAt(0) === 255 ? NaN : c.charCodeAt(0)));
    return Array.from({ length: shape[0] }, (_, row) => flat.subarray(row * shape[1], (row + 1) * shape[1]));
  };

  const steps = (kinds) => kinds.flatMap(({ color }, i) => [[i / kinds.length, color], [(i + 1) / kinds.length, color]]);

  const show = (reply) => {
    map = { ...reply, z: decoded(reply), show: explorer.state.show };
    fresh = true;
    draw();
    byId("basins-says").textContent = map.says;
    // Where many have not arrived the map tells little yet.
    byId("basins-more").hidden = !(map.lost > 0.1);
    plot.layer.setAttribute("aria-label", `${plot.holder.dataset.label} ${byId("landscape-title").textContent}: ${map.says}`);
  };

  const draw = () => {
    if (!map || !plot.gd?._fullLayout) return;
    const [x, y] = map.axes.map((ends, i) => (i && byRate() ? ends.map(Math.log10) : ends));
    const [height, width] = map.shape;
    const place = { x0: x[0], dx: (x[1] - x[0]) / (width - 1), y0: y[0], dy: (y[1] - y[0]) / (height - 1) };
    const colors = map.scale
      ? { zmin: 0, zmax: 1, colorscale: explorer.colors.VIRIDIS, zsmooth: "fast" }
      : { zmin: -0.5, zmax: map.kinds.length - 0.5, colorscale: steps(map.kinds), zsmooth: false };
    const yTicks = byRate() ? { tickvals: [-2, -1, 0, 1, 2], ticktext: ["0.01", "0.1", "1", "10", "100"] } : {};
    const [first, second] = explorer.study().labels;
    plot.show({
      x, y, xTitle: `start ${first}`, yTitle: byRate() ? "learning rate (log)" : `start ${second}`, yTicks,
      traces: [{ type: "heatmap", z: map.z, ...place, ...colors, showscale: false, hoverinfo: "none", connectgaps: false }],
    });
    legend();
  };

  const legend = () => {
    const box = byId("basins-card").querySelector(".legend");
    for (const part of box.querySelectorAll(".bar, .ticks, .says")) part.hidden = !map.scale;
    if (map.scale) {
      explorer.colors.legend(box, map.scale);
      const { kind, low, high } = map.scale;
      const what = map.show === "loss" ? "Final loss" : "Steps until the loss has settled";
      box.querySelector(".says").textContent = `${what}, ${kind} scale, ${explorer.short(low)} … ${explorer.short(high)}; empty where ${map.show === "loss" ? "the path diverges" : "it has not"}.`;
    }
    byId("basins-kinds").replaceChildren(...map.kinds.map(({ name, color }) => {
      const item = document.createElement("li");
      const swatch = document.createElement("span");
      swatch.className = "kind";
      swatch.style.background = color;
      item.append(swatch, name);
      return item;
    }));
  };

  const marks = () => {
    if (!on() || !map) return;
    const clip = plot.clip();
    const starts = !byRate();
    plot.group("minima", { "clip-path": clip }).append(...map.marks.flatMap(([i, w, b]) => numbered(i, w, b)));
    if (starts) explorer.paths.draw(walks);
    else plot.group("walks"), (walks.walked = null);
    plot.group("trail", { "clip-path": clip }).append(...(starts ? explorer.marks.trail(plot) : []));
    plot.group("handle").append(...(starts ? explorer.marks.handle(plot) : handle()));
    if (!layer) plot.layer.append((layer = svg("rect", { class: "surface" })));
    const { l, t, w, h } = plot.area;
    for (const [key, value] of Object.entries({ x: l, y: t, width: w, height: h })) layer.setAttribute(key, value);
  };

  const numbered = (i, w, b) => {
    const [x, y] = [plot.px(w), plot.py(b)];
    if (!explorer.marks.inside(plot, x, y, 0)) return [];
    return [svg("circle", { cx: x, cy: y, r: 10, class: "basin-mark" }), svg("text", { x, y, class: "basin-number" }, [String(i + 1)])];
  };

  const handle = () => {
    const [cx, cy] = [plot.px(explorer.state.w), plot.py(Math.log10(explorer.state.lr))];
    if (!explorer.marks.inside(plot, cx, cy, -1)) return [];
    return [["handle-casing", 9], ["handle-core", 7], ["handle-dot", 2]].map(([name, r]) => svg("circle", { cx, cy, r, class: name }));
  };

  /* ---- the pointer and the keys: they choose the start, or start and rate ---- */
  const to = (x, y, history) => {
    const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));
    const w = explorer.zoom.round(clamp(x, plot.ranges.x), plot.ranges.x);
    const up = clamp(y, plot.ranges.y);
    const [low, high] = explorer.schema.limits.lr;
    const patch = byRate() ? { w, lr: Math.min(high, Math.max(low, Number((10 ** up).toPrecision(3)))) } : { w, b: explorer.zoom.round(up, plot.ranges.y) };
    explorer.act(patch, history);
  };

  const hover = (event) => {
    const node = byId("basins-card").querySelector(".under-pointer");
    const [x, y] = plot.at(event);
    const cell = (value, [low, high], n) => Math.round(((value - low) / (high - low)) * (n - 1));
    const z = map?.z[cell(y, plot.ranges.y, map.shape[0])]?.[cell(x, plot.ranges.x, map.shape[1])];
    node.textContent = z === undefined ? "" : Number.isNaN(z) ? "here: nothing" : `here: ${map.scale ? value(z) : map.kinds[z].name}`;
  };
  const value = (z) => {
    const { kind, low, high } = map.scale;
    return `≈ ${explorer.short(kind === "log" ? low * (high / low) ** z : low + (high - low) * z)}`;
  };

  const pressed = (event) => {
    if (explorer.zoom.key(event)) return;
    const way = explorer.arrowStep(event);
    if (!way) return;
    const { x, y } = plot.ranges;
    const here = [explorer.state.w, byRate() ? Math.log10(explorer.state.lr) : explorer.state.b];
    to(here[0] + way[0] * (x[1] - x[0]), here[1] + way[1] * (y[1] - y[0]), "replace");
  };

  const listen = () => {
    const node = plot.layer;
    for (const [key, text] of Object.entries({ tabindex: "0", role: "application", "aria-label": plot.holder.dataset.label })) node.setAttribute(key, text);
    let dragging = false;
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !map) return;
      dragging = true;
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      event.preventDefault();
      to(...plot.at(event), "live");
    });
    node.addEventListener("pointermove", (event) => (dragging ? to(...plot.at(event), "live") : hover(event)));
    node.addEventListener("pointerup", (event) => dragging && ((dragging = false), to(...plot.at(event), "push")));
    node.addEventListener("pointercancel", () => dragging && ((dragging = false), explorer.act({}, "push")));
    node.addEventListener("keydown", pressed);
    explorer.zoom.listen({ layer: node, at: (event) => (byRate() ? [plot.at(event)[0], explorer.state.b] : plot.at(event)) });
  };

  explorer.basins = {
    ask, receive,
    start: () => {
      plot = new explorer.Plot("basins");
      plot.draw = marks;
      walks = { plot, index: 0 };
      byId("basins-more").addEventListener("click", ({ target }) => explorer.act({ steps: Number(target.dataset.steps) }));
      listen();
    },
    render: (moves) => {
      if (!on()) return;
      if (!moves) {
        const { state } = explorer;
        for (const name of ["gd", "momentum", "rmsprop", "adam"]) byId(`basin-${name}`).setAttribute("aria-pressed", String(name === optimizer()));
        const titles = explorer.study().optimizers;
        byId("landscape-title").textContent = `Basins: ${titles[optimizer()]}${rates() ? "" : `, rate ${explorer.short(state.lr)}`}`;
        byId("basins-hint").textContent = `Each point of the map is a start${rates() ? `, on the line b = ${explorer.short(state.b)}, and a rate` : ""}: torch.optim walks from all of them at once, on all data. Click to put the point there. ${rates() ? "The" : "The learning rate is the one beside, the"} number of steps that of the card Descent.` +
          (map && map.points < state.n ? ` ${map.points} points a side: so many steps from more starts would take long.` : "");
      }
      plot.marks();
    },
    redraw: () => on() && draw(),
    shown: () => map,
    /* Whether the map of the present state is there, all of it. */
    done: () => on() && finished === wanted(),
  };
})();
