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
    const drawn = [];
    for (const name of NAMES) {
      const residuals = Array.from({ length: 241 }, (_, i) => low + ((high - low) * i) / 240);
      const line = residuals.map((r) => plot.pixel([r, functions[name](r, delta)]));
      const active = name === explorer.lossName() && !hidden;
      drawn.push(svg("path", { d: explorer.pathOf(line), class: `ell ${name}${active ? " active" : ""}` }));
      // Named once: both charts share colours and dashes.
      const at = high * 0.8;
      if (functions !== explorer.preview.ell) continue;
      const top = Math.max(plot.area.t + 12, plot.py(functions[name](-at, delta)) - 6);
      drawn.push(explorer.text(plot.px(-at) + 4, top, explorer.schema.names[name], "start", `ell-label ${name}`));
    }
    plot.put("curves", drawn);
  };

  const dots = (plot, functions, hidden) => {
    const { delta } = explorer.state;
    const { residuals } = explorer.readout.numbers();
    const chosen = explorer.tape.chosen();
    plot.put("residual-dots", (hidden ? [] : residuals).map((r, i) => {
      const [cx, cy] = plot.pixel([r, functions[explorer.lossName()](r, delta)]);
      return svg("circle", { cx, cy, r: 4.5, class: chosen === i ? "residual-dot chosen" : "residual-dot", "data-r": r });
    }));
  };

  /* What Huber does to the largest residual, in words. */
  const words = (residuals) => {
    const { delta } = explorer.state;
    const largest = Math.max(...residuals.map(Math.abs));
    const short = explorer.short;
    if (explorer.lossHidden()) return "Which loss this is stays hidden here.";
    if (explorer.lossName() !== "huber") return `Largest residual |r| = ${short(largest)}.`;
    const compared = `Largest residual |r| = ${short(largest)} ${largest <= delta ? "≤" : ">"} δ = ${short(delta)}:`;
    if (largest <= delta) return `${compared} every point is on the quadratic part, so Huber is MSE/2 here, and no more robust.`;
    const beyond = residuals.filter((r) => Math.abs(r) > delta).length;
    return `${compared} it is on the linear part, its slope clipped from ${short(largest)} to ${short(delta)}` +
      ` (${beyond} of ${residuals.length} points are clipped).`;
  };

  explorer.lossCurves = {
    start: () => {
      plots = [new explorer.Plot("ell"), new explorer.Plot("ell-slope")];
      plots[0].draw = (plot) => curves(plot, explorer.preview.ell);
      plots[1].draw = (plot) => curves(plot, explorer.preview.slope);
    },
    render: (force = false) => {
      if (explorer.study().terms.length) return;
      const { residuals } = explorer.readout.numbers();
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
