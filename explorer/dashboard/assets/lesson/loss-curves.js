/* Loss against residual: ℓ(r) and ℓ′(r) of all four losses, with the data's residuals as dots on them. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const NAMES = ["mse", "mae", "huber", "log_cosh"];
  let plots;
  let range = 0;

  const curves = (plot, functions) => {
    const [low, high] = plot.ranges.x;
    const { delta } = explorer.state;
    const hidden = explorer.lossHidden();
    // The curves move with delta and size only; the dots with every frame of a drag.
    const fixed = JSON.stringify([low, high, delta, explorer.state.loss, plot.area]);
    if (fixed !== plot.fixed) curve(plot, functions, hidden);
    plot.fixed = fixed;
    dots(plot, functions, hidden);
  };

  const curve = (plot, functions, hidden) => {
    const [low, high] = plot.ranges.x;
    const { delta } = explorer.state;
    const group = plot.group("curves", { "clip-path": plot.clip() });
    for (const name of NAMES) {
      const line = Array.from({ length: 241 }, (_, i) => {
        const r = low + ((high - low) * i) / 240;
        return [plot.px(r), plot.py(functions[name](r, delta))];
      });
      const active = name === explorer.lossName() && !hidden;
      group.append(svg("path", { d: explorer.pathOf(line), class: `ell ${name}${active ? " active" : ""}` }));
      // Named once: both charts share colours and dashes.
      const at = high * 0.8;
      if (functions === explorer.preview.ell) group.append(svg("text", { x: plot.px(-at) + 4, y: Math.max(plot.area.t + 12, plot.py(functions[name](-at, delta)) - 6), class: `ell-label ${name}` }, [explorer.schema.names[name]]));
    }
  };

  const dots = (plot, functions, hidden) => {
    const { delta } = explorer.state;
    const group = plot.group("residual-dots", { "clip-path": plot.clip() });
    const { residuals = [] } = explorer.numbers() ?? {};
    if (!hidden) residuals.forEach((r, i) => group.append(svg("circle", { cx: plot.px(r), cy: plot.py(functions[explorer.lossName()](r, delta)), r: 4.5,
      class: explorer.tape?.chosen() === i ? "residual-dot chosen" : "residual-dot", "data-r": r })));
  };

  /* What Huber does to the largest residual, in words. */
  const words = (residuals) => {
    const { delta } = explorer.state;
    const largest = Math.max(...residuals.map(Math.abs));
    const short = explorer.short;
    if (explorer.lossHidden()) return "Which loss this is stays hidden here.";
    if (explorer.lossName() !== "huber") return `Largest residual |r| = ${short(largest)}.`;
    if (largest <= delta) return `Largest residual |r| = ${short(largest)} ≤ δ = ${short(delta)}: every point is on the quadratic part, so Huber is MSE/2 here, and no more robust.`;
    const beyond = residuals.filter((r) => Math.abs(r) > delta).length;
    return `Largest residual |r| = ${short(largest)} > δ = ${short(delta)}: it is on the linear part, its slope clipped from ${short(largest)} to ${short(delta)}` +
      ` (${beyond} of ${residuals.length} points are clipped).`;
  };

  explorer.losses = {
    start: () => {
      plots = [new explorer.Plot("ell"), new explorer.Plot("ell-slope")];
      plots[0].draw = (plot) => curves(plot, explorer.preview.ell);
      plots[1].draw = (plot) => curves(plot, explorer.preview.slope);
    },
    render: (force = false) => {
      if (explorer.study().terms.length) return;
      const { residuals } = explorer.numbers();
      const wanted = Math.ceil(Math.max(1.2, ...residuals.map((r) => Math.abs(r) * 1.1)) * 2) / 2;
      if (wanted !== range || force) {
        range = wanted;
        const top = Math.min(wanted * wanted, Math.max(2.2, 1.6 * wanted));
        plots[0].show({ x: [-range, range], y: [-0.08 * top, top], xTitle: "residual r = ŷ − y", yTitle: "ℓ(r)" });
        plots[1].show({ x: [-range, range], y: [-2.2, 2.2], xTitle: "residual r = ŷ − y", yTitle: "ℓ′(r)" });
      } else plots.forEach((plot) => plot.marks());
      document.getElementById("ell-says").textContent = words(residuals);
    },
  };
})();
