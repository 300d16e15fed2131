/* Cuts of /slice: the quantity along each axis through the point; for a line the band that its seeds span. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const AXES = ["a", "b"];
  let plots = [];
  let isLog = false;

  const up = (value) => (isLog ? Math.log10(value) : value);

  /* A line through pairs, broken where a value cannot be drawn. */
  const line = (plot, pairs) => explorer.pathOf(pairs.map(([x, value]) => plot.pixel([x, up(value)])));

  const cuts = (plot, axis) => {
    const { sides } = explorer.reply.scene;
    const isSame = (side) => String(side.axes) === String(sides[0].axes);
    return sides.filter(isSame).map((side) => {
      const d = line(plot, explorer.cutOf(side, explorer.state.quantity, axis, explorer.theta()));
      return svg("path", { d, class: side === sides[0] ? "cut" : "cut other" });
    });
  };

  const bands = (plot) => explorer.reply.scene.bands.flatMap((band, i) => {
    const rows = (name) => band.points.map((x, k) => [x, band[name][k]]);
    const edge = `${line(plot, rows("high"))}${line(plot, rows("low").reverse()).replace("M", "L")}Z`;
    const [around, middle] = i ? ["band other", "cut other"] : ["band", "cut"];
    return [...(band.seeds > 1 ? [svg("path", { d: edge, class: around })] : []),
      svg("path", { d: line(plot, rows("median")), class: middle })];
  });

  const draw = (plot, axis) => {
    const { scene } = explorer.reply;
    if (!scene || axis >= scene.axes.length) return;
    plot.put("cuts", scene.bands.length ? bands(plot) : cuts(plot, axis));
    const { t, h } = plot.area;
    const here = up(explorer.point.numbers(0).values[explorer.state.quantity]);
    const [x, y] = plot.pixel([explorer.state[AXES[axis]], here]);
    const dot = Number.isFinite(here) ? [svg("circle", { cx: x, cy: y, r: 6, class: "cut-dot" })] : [];
    plot.put("handle", [svg("path", { d: `M${x},${t}V${t + h}`, class: "cut-here" }), ...dot]);
  };

  /* The heights are those of the colours, so that a drag moves the line and not the axis; the lowest value is inside. */
  const range = ({ bands: drawn, sides, maps }) => {
    const values = drawn.length
      ? drawn.flatMap((band) => [...band.low, ...band.high])
      : sides.flatMap((side) => Array.from(side.fields[explorer.state.quantity] ?? []));
    const { kind, high: top } = maps[0]?.scale ?? { kind: drawn[0]?.kind };
    isLog = kind === "log" && values.some((value) => value > 0 && value < Infinity);
    const heights = values.map(up).filter(Number.isFinite);
    const low = heights.reduce((least, value) => Math.min(least, value), Infinity);
    const high = top === undefined ? heights.reduce((most, value) => Math.max(most, value), -Infinity) : up(top);
    const pad = 0.06 * (high - low) || 0.5;
    return Number.isFinite(low) && Number.isFinite(high) ? [low - pad, high + pad] : [0, 1];
  };

  /* Ticks of a logarithmic axis are values, not exponents. */
  const logarithmic = (plot, ends) => {
    const values = explorer.logTicks(ends.map((power) => 10 ** power));
    const ticks = { tickvals: values.map(Math.log10), ticktext: values.map(explorer.short), zeroline: false };
    plot.refine((layout) => Object.assign(layout.yaxis, ticks));
  };

  const made = (id, axis) => {
    const plot = new explorer.Plot(id);
    const act = ([value], history) => explorer.act({ [AXES[axis]]: value }, history);
    plot.blank();
    plot.draw = () => draw(plot, axis);
    plot.operated(`${plot.holder.dataset.label}. Left and right move the point along it.`);
    explorer.drags(plot.layer, {
      grip: () => explorer.reply.scene,
      move: (event, history) => act([explorer.tidy(plot.at(event)[0], plot.ranges.x)], history),
    });
    plot.layer.addEventListener("keydown", (event) => {
      const to = explorer.keys.moved(event, [explorer.state[AXES[axis]]], [plot.ranges.x]);
      if (to) act(to, "replace");
    });
    return plot;
  };

  /* Beside the ticks there is no room for a title: it stands above both. */
  const hint = (quantity, axes) =>
    `${quantity} upwards${isLog ? ", log scale" : ""}; drag along ${axes > 1 ? "them" : "it"}`;

  explorer.cuts = {
    start: () => (plots = ["cut-a", "cut-b"].map(made)),
    show: () => {
      const { scene } = explorer.reply;
      if (!scene) return;
      const y = range(scene);
      explorer.byId("cuts-hint").textContent = hint(explorer.state.quantity, scene.axes.length);
      plots.forEach((plot, axis) => {
        plot.holder.hidden = axis >= scene.axes.length;
        if (plot.holder.hidden) return;
        plot.show({ x: scene.sides[0].window[axis], y, xTitle: explorer.names.title(scene.axes[axis]), yTitle: "" });
        if (isLog) logarithmic(plot, y);
      });
    },
    marks: () => plots.forEach((plot) => plot.marks()),
  };
})();
