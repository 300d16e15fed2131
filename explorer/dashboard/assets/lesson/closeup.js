/* Close-up: where θ* of every loss went, on axes just wide enough: a move that matters may be a few pixels of a map. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const PAD = { l: 54, r: 12, t: 8, b: 34 };
  const LEAST = 0.02;
  const TICKS = 5;
  const LABEL = "Close-up of the plane: of every loss a ring where θ* was, a disc where it is, its trail, " +
    "and an arrow to where it was predicted.";

  const away = (one, other) => Math.hypot(other[0] - one[0], other[1] - one[1]);

  /* Every place that decides the axes: of a minimum that jumped only where it was. */
  const places = (moves, trails) => [
    ...Object.values(trails).flat(2),
    ...moves.flatMap(({ outcome, before, after, predicted }) => {
      const isNear = predicted && after && outcome === "moved" && away(before, predicted) <= 3 * away(before, after);
      return [before, outcome === "moved" && after, isNear && predicted].filter(Boolean);
    }),
  ];

  /* Ranges that hold the places, with room around them, one unit as long on both axes so that ways are true. */
  const fitted = (shown, sizes) => {
    const values = [0, 1].map((axis) => shown.map((place) => place[axis]));
    const ends = values.map((each) => [Math.min(...each), Math.max(...each)]);
    const unit = Math.max(...ends.map(([low, high], axis) => Math.max((high - low) * 1.35, LEAST) / sizes[axis]));
    return ends.map(([low, high], axis) => [-1, 1].map((side) => (low + high) / 2 + (side * unit * sizes[axis]) / 2));
  };

  const axes = (chart, { x, y }) => {
    const { l, t, w, h } = chart.area;
    const [across, up] = explorer.study().labels.map((label) => explorer.caption(label).title);
    const text = (u, v, said, anchor) => explorer.text(u, v, said, anchor, "tick");
    return [
      svg("rect", { x: l, y: t, width: w, height: h, class: "frame" }),
      ...explorer.ticks(x, TICKS).flatMap((value) =>
        [chart.upright(value, "grid"), text(chart.px(value), t + h + 15, explorer.short(value), "middle")]),
      ...explorer.ticks(y, TICKS).flatMap((value) =>
        [chart.level(value, "grid"), text(l - 6, chart.py(value) + 4, explorer.short(value), "end")]),
      text(l + w, t + h + 30, across, "end"), text(l + 6, t + 14, up, "start"),
    ];
  };

  /* The two strokes of an arrow's head. */
  const head = (x, y, dx, dy) => {
    const length = Math.hypot(dx, dy);
    if (length < 1) return "";
    const [ux, uy] = [(dx / length) * 8, (dy / length) * 8];
    const [tx, ty] = [x + dx, y + dy];
    return explorer.pathOf([[tx - ux - uy * 0.6, ty - uy + ux * 0.6], [tx, ty], [tx - ux + uy * 0.6, ty - uy - ux * 0.6]]);
  };

  /* A name beside its disc, on the side where there is room, below a name that is already there. */
  const name = ([x, y], loss, right, named) => {
    const title = explorer.lossTitle(loss);
    const wide = 9 * title.length;
    const isLeft = x + 9 + wide > right;
    const isFree = (top) => named.every(([u, v]) => Math.abs(u - x) > wide || Math.abs(v - top) > 13);
    const top = [y - 7, y + 18, y - 22].find(isFree) ?? y - 7;
    named.push([x, top]);
    return explorer.text(isLeft ? x - 9 : x + 9, top, title, isLeft ? "end" : "start", `ell-label ${explorer.lossClass(loss)}`);
  };

  const prediction = (chart, before, predicted, loss) => {
    const [[x, y], [u, v]] = [chart.at(before), chart.at(predicted)];
    const d = `${explorer.pathOf([[x, y], [u, v]])}${head(x, y, u - x, v - y)}`;
    return svg("path", { d, class: `predicted ${explorer.lossClass(loss)}`, "data-theta": predicted.join(",") });
  };

  const marks = (chart, { loss, before, after, predicted }, lines, named) => {
    const { l, w } = chart.area;
    const drawn = lines.filter((line) => line.length > 1).map((line) => chart.line(line, `ell ${explorer.lossClass(loss)}`));
    if (before && predicted) drawn.push(prediction(chart, before, predicted, loss));
    if (before) drawn.push(chart.dot(before, 5, `ring ${explorer.lossClass(loss)}`));
    if (before && after) drawn.push(chart.dot(after, 4.5, `disc ${explorer.lossClass(loss)}`), name(chart.at(after), loss, l + w, named));
    return drawn;
  };

  const draw = (holder, moves, trails) => {
    const [width, height] = [holder.clientWidth, holder.clientHeight];
    const shown = places(moves, trails);
    if (!width || !shown.length) return holder.replaceChildren();
    const [x, y] = fitted(shown, [width - PAD.l - PAD.r, height - PAD.t - PAD.b]);
    const chart = new explorer.LineChart({ width, height, pad: PAD, x, y });
    const { l, t, w, h } = chart.area;
    const clip = svg("clipPath", { id: "clip-closeup" }, [svg("rect", { x: l, y: t, width: w, height: h })]);
    const named = [];
    const inner = moves.flatMap((move) => marks(chart, move, trails[move.loss] ?? [], named));
    const clipped = svg("g", { "clip-path": "url(#clip-closeup)" }, inner);
    holder.replaceChildren(svg("svg", { width, height, role: "img", "aria-label": LABEL }, [clip, ...axes(chart, { x, y }), clipped]));
  };

  explorer.closeup = { draw };
})();
