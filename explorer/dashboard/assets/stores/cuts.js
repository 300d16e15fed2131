/* Cuts of /slice: the quantity along each axis through the point; for a line the band that its seeds span. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const AXES = ["a", "b"];
  let plots = [];
  let scale = { log: false };

  const up = (value) => (scale.log ? Math.log10(value) : value);

  /* A line through pairs, broken where a value cannot be drawn. */
  const line = (plot, pairs) => {
    let [d, pen] = ["", "M"];
    for (const [x, value] of pairs) {
      const y = up(value);
      if (!Number.isFinite(y)) pen = "M";
      else (d += `${pen}${plot.px(x).toFixed(1)},${plot.py(y).toFixed(1)}`), (pen = "L");
    }
    return d;
  };

  const cuts = (plot, axis) => {
    const { sides } = explorer.reply.scene;
    const { quantity } = explorer.state;
    return sides.flatMap((side, i) => {
      if (String(side.axes) !== String(sides[0].axes)) return [];
      return [svg("path", { d: line(plot, explorer.cutOf(side, quantity, axis, explorer.theta())), class: i ? "cut other" : "cut" })];
    });
  };

  const bands = (plot) => explorer.reply.scene.bands.flatMap((band, i) => {
    const rows = (name) => band.points.map((x, k) => [x, band[name][k]]);
    const edge = line(plot, rows("high")) + line(plot, rows("low").reverse()).replace("M", "L") + "Z";
    return [...(band.seeds > 1 ? [svg("path", { d: edge, class: i ? "band other" : "band" })] : []),
      svg("path", { d: line(plot, rows("median")), class: i ? "cut other" : "cut" })];
  });

  const draw = (plot, axis) => {
    const { scene } = explorer.reply;
    if (!scene || axis >= scene.axes.length) return;
    const clip = plot.clip();
    plot.group("cuts", { "clip-path": clip }).append(...(scene.bands.length ? bands(plot) : cuts(plot, axis)));
    const { t, h } = plot.area;
    const x = plot.px(explorer.state[AXES[axis]]);
    const here = explorer.numbers(0)?.values[explorer.state.quantity];
    const handle = plot.group("handle", { "clip-path": clip });
    handle.append(svg("path", { d: `M${x},${t}V${t + h}`, class: "cut-here" }));
    if (Number.isFinite(up(here))) handle.append(svg("circle", { cx: x, cy: plot.py(up(here)), r: 6, class: "cut-dot" }));
  };

  /* The heights are those of the colours, so that a drag moves the line and not the axis; the lowest value is inside. */
  const range = (scene) => {
    const found = scene.bands.length
      ? scene.bands.flatMap((band) => [...band.low, ...band.high])
      : scene.sides.flatMap((side) => Array.from(side.fields[explorer.state.quantity] ?? []));
    const finite = found.filter(Number.isFinite);
    const { kind, high: top } = scene.maps[0]?.scale ?? { kind: scene.bands[0]?.kind };
    scale = { log: kind === "log" && finite.some((value) => value > 0) };
    const drawn = finite.map(up).filter(Number.isFinite);
    const low = drawn.reduce((least, value) => Math.min(least, value), Infinity);
    const high = top === undefined ? drawn.reduce((most, value) => Math.max(most, value), -Infinity) : up(top);
    const pad = 0.06 * (high - low) || 0.5;
    return Number.isFinite(low) && Number.isFinite(high) ? [low - pad, high + pad] : [0, 1];
  };

  /* Ticks of a logarithmic axis are values, not exponents: decades, 1-2-5, or even steps, as the range is wide. */
  const ticksOf = ([low, high]) => {
    const span = high - low;
    const decades = (mantissas, every = 1) => {
      const first = Math.floor(low);
      return Array.from({ length: Math.ceil(span) + 2 }, (_, i) => first + i).filter((power) => power % every === 0)
        .flatMap((power) => mantissas.map((digit) => Number(`${digit}e${power}`)));
    };
    if (span > 2.5) return decades([1], Math.ceil(span / 6));
    if (span > 0.7) return decades([1, 2, 5]);
    const [least, most] = [10 ** low, 10 ** high];
    const rough = (most - least) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 5, 10].find((digit) => digit * power >= rough) * power;
    return Array.from({ length: 8 }, (_, i) => Number(((Math.ceil(least / step) + i) * step).toPrecision(12)));
  };

  const logarithmic = (plot, y) => {
    const values = ticksOf(y).filter((value) => value >= 10 ** y[0] && value <= 10 ** y[1]);
    explorer.refined(plot, (layout) => Object.assign(layout.yaxis, { tickvals: values.map(Math.log10), ticktext: values.map(explorer.short), zeroline: false }));
  };

  explorer.cuts = {
    start: () => {
      plots = ["cut-a", "cut-b"].map((id) => new explorer.Plot(id));
      plots.forEach(explorer.begun);
      plots.forEach((plot, axis) => {
        plot.draw = () => draw(plot, axis);
        const { layer } = plot;
        layer.setAttribute("tabindex", "0");
        layer.setAttribute("role", "application");
        layer.setAttribute("aria-label", `${plot.holder.dataset.label}. Left and right move the point along it.`);
        explorer.drags(layer, () => explorer.reply.scene, (event, history) =>
          explorer.act({ [AXES[axis]]: explorer.tidy(plot.at(event)[0], plot.ranges.x) }, history));
        layer.addEventListener("keydown", (event) => {
          if (!["ArrowLeft", "ArrowRight"].includes(event.key) || event.ctrlKey || event.metaKey) return;
          const windows = axis ? [[0, 0], plot.ranges.x] : [plot.ranges.x];
          const key = axis ? { ArrowLeft: "ArrowDown", ArrowRight: "ArrowUp" }[event.key] : event.key;
          explorer.steps({ key, altKey: event.altKey, shiftKey: event.shiftKey, preventDefault: () => event.preventDefault() }, windows);
        });
      });
    },
    show: () => {
      const { scene } = explorer.reply;
      if (!scene) return;
      const y = range(scene);
      // Beside the ticks there is no room for a title: it stands above both.
      document.getElementById("cuts-hint").textContent = `${explorer.state.quantity} upwards${scale.log ? ", log scale" : ""}; drag along ${scene.axes.length > 1 ? "them" : "it"}`;
      plots.forEach((plot, axis) => {
        plot.holder.hidden = axis >= scene.axes.length;
        if (plot.holder.hidden) return;
        plot.show({ x: scene.sides[0].window[axis], y, xTitle: explorer.plain(explorer.brief(scene.axes[axis])), yTitle: "" });
        if (scale.log) logarithmic(plot, y);
      });
    },
    marks: () => plots.forEach((plot) => plot.marks()),
  };
})();
