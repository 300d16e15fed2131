/* Basins: the map of where descents from every point of the window end. The server works on it while it is asked. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const svg = (...given) => explorer.svg(...given);
  const short = (value) => explorer.short(value);
  /* A map does not depend on these. */
  const APART = ["w", "hide", "mode", "layers", "opt", "batch", "seed", "schedule", "at", "activity"];
  /* Milliseconds of work that need no bar. */
  const PATIENCE = 500;
  const DECADES = { tickvals: [-2, -1, 0, 1, 2], ticktext: ["0.01", "0.1", "1", "10", "100"] };
  const HOLE = 255;
  const on = () => explorer.state.view === "basins";
  const rates = () => explorer.state.across === "rates";
  /* Of the map that is drawn: it stays until another is there. */
  const byRate = () => reply?.labels[1] === "lr";

  let map = null;
  let reply = null;
  let began = 0;
  let fresh = false;
  let finished = null;

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
    explorer.send("basins-query", { query, seen: 0 });
    waiting(0);
  };

  const receive = ({ query, map: drawn, done, share, stage }) => {
    if (drawn) show(drawn);
    waiting(done ? null : share);
    if (done) finished = query;
    else explorer.send("basins-query", { query, seen: stage });
  };

  const waiting = (share) => {
    byId("basins-wait").hidden = share === null || performance.now() - began < PATIENCE;
    byId("basins-progress").value = share ?? 1;
    byId("basins-card").classList.toggle("pending", !fresh);
  };

  /* ---- drawing ---- */
  const decoded = ({ codes, shape, scale }) => {
    if (scale) return explorer.colors.decode({ codes, shape }).z;
    const kinds = Float32Array.from(atob(codes), (c) => (c.charCodeAt(0) === HOLE ? NaN : c.charCodeAt(0)));
    return explorer.colors.rows(kinds, shape);
  };

  const show = (drawn) => {
    reply = { ...drawn, z: decoded(drawn), show: explorer.state.show };
    fresh = true;
    draw();
    byId("basins-says").textContent = reply.says;
    // Where many have not arrived the map tells little yet.
    byId("basins-more").hidden = !(reply.lost > 0.1);
    map.plot.operated(`${map.plot.holder.dataset.label} ${byId("landscape-title").textContent}: ${reply.says}`);
  };

  /* One color a kind, without anything between them. */
  const apart = (kinds) => ({
    zmin: -0.5, zmax: kinds.length - 0.5, zsmooth: false,
    colorscale: kinds.flatMap(({ color }, i) => [[i / kinds.length, color], [(i + 1) / kinds.length, color]]),
  });

  const draw = () => {
    if (!reply || !map.plot.gd?._fullLayout) return;
    const [x, y] = [reply.axes[0], byRate() ? reply.axes[1].map(Math.log10) : reply.axes[1]];
    const [first, second] = explorer.study().labels;
    const axes = { x, y, xTitle: `start ${first}`, yTitle: byRate() ? "learning rate (log)" : `start ${second}` };
    const colors = reply.scale ? {} : apart(reply.kinds);
    // A rate has no unit in common with a parameter.
    const ways = byRate() ? { yTicks: DECADES } : { scale: 1 };
    map.show(reply, explorer.evenly(x, y, reply.shape), { ...axes, ...ways }, colors);
    legend();
  };

  const scaled = ({ kind, low, high }, shown) => {
    const isLoss = shown === "loss";
    const name = isLoss ? "Final loss" : "Steps until the loss has settled";
    return `${name}, ${kind} scale, ${short(low)} … ${short(high)}; empty where ${isLoss ? "the path diverges" : "it has not"}.`;
  };

  const legend = () => {
    const box = byId("basins-card").querySelector(".legend");
    for (const part of box.querySelectorAll(".bar, .ticks, .says")) part.hidden = !reply.scale;
    if (reply.scale) explorer.colors.legend(box, reply.scale, scaled(reply.scale, reply.show));
    byId("basins-kinds").replaceChildren(...reply.kinds.map(({ name, color }) => {
      const swatch = explorer.make("span", { className: "kind" });
      swatch.style.background = color;
      return explorer.make("li", {}, [swatch, name]);
    }));
  };

  /* The point of the map: where the descent begins, and at which rate. */
  const point = () => (byRate() ? [explorer.state.w, Math.log10(explorer.state.lr)] : explorer.theta());

  const marks = ({ plot }) => {
    if (!on()) return;
    const starts = !byRate();
    plot.put("minima", reply.marks.flatMap(([i, w, b]) => numbered(plot, i, [w, b])));
    if (starts) explorer.paths.draw(map);
    else plot.put("walks", []), (map.walked = null);
    plot.put("trail", starts ? explorer.scenery.trail(plot) : []);
    const isSeen = starts || explorer.marks.inside(plot, plot.pixel(point()), -1);
    plot.put("handle", isSeen ? explorer.marks.handle(plot, point()) : [], false);
  };

  const numbered = (plot, i, minimum) => {
    const [x, y] = plot.pixel(minimum);
    if (!explorer.marks.inside(plot, [x, y], 0)) return [];
    return [svg("circle", { cx: x, cy: y, r: 10, class: "basin-mark" }), svg("text", { x, y, class: "basin-number" }, [String(i + 1)])];
  };

  /* ---- the pointer and the keys: they choose the start, or start and rate ---- */
  const to = ([x, y], history) => {
    const { ranges } = map.plot;
    const w = explorer.tidy(x, ranges.x);
    const rate = () => explorer.clamp(Number((10 ** explorer.clamp(y, ranges.y)).toPrecision(3)), explorer.schema.limits.lr);
    explorer.act(byRate() ? { w, lr: rate() } : { w, b: explorer.tidy(y, ranges.y) }, history);
  };

  const keys = (event, { plot }) => {
    if (explorer.zoom.key(event)) return;
    const place = explorer.keys.moved(event, point(), [plot.ranges.x, plot.ranges.y]);
    if (place) to(place, "replace");
  };

  /* What stands under the pointer. */
  const said = (z) => {
    if (Number.isNaN(z)) return "here: nothing";
    return `here: ${reply.scale ? `≈ ${short(explorer.colors.valueAt(z, reply.scale))}` : reply.kinds[z].name}`;
  };

  /* ---- in words ---- */
  const title = (optimizer, rate) => `Basins: ${optimizer}${rates() ? "" : `, rate ${short(rate)}`}`;
  const hint = (b, few) => [
    `Each point of the map is a start${rates() ? `, on the line b = ${short(b)}, and a rate` : ""}:`,
    "torch.optim walks from all of them at once, on all data. Click to put the point there.",
    `${rates() ? "The" : "The learning rate is the one beside, the"} number of steps that of the card Descent.`,
    ...(few ? [`${few} points a side: so many steps from more starts would take long.`] : []),
  ].join(" ");

  const words = ({ basin, lr, b, n }) => {
    const optimizer = basin || "gd";
    for (const node of document.querySelectorAll('[data-set-key="basin"]')) {
      explorer.controls.press(node, node.dataset.value === optimizer);
    }
    byId("landscape-title").textContent = title(explorer.study().optimizers[optimizer], lr);
    byId("basins-hint").textContent = hint(b, reply?.points < n && reply.points);
  };

  explorer.basins = {
    ask, receive,
    start: () => {
      map = new explorer.PlaneMap("basins", byId("basins-card"), { index: 0, draw: marks, move: to, keys, said, grip: () => "start" });
      byId("basins-more").addEventListener("click", ({ target }) => explorer.act({ steps: Number(target.dataset.steps) }));
      explorer.zoom.listen(map.plot.layer, (event) => {
        const [x, y] = map.plot.at(event);
        return [x, byRate() ? explorer.state.b : y];
      });
    },
    render: (moves) => {
      if (!on()) return;
      if (!moves) words(explorer.state);
      map.plot.marks();
    },
    redraw: () => on() && draw(),
    shown: () => reply,
    /* Whether the map of the present state is there, all of it. */
    done: () => on() && finished === wanted(),
  };
})();
