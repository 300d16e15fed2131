/* Loss against residual: ℓ(r) and ℓ′(r) of all losses, with the data's residuals as dots on them. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  let plots;
  let range = 0;

  /* `which` is "ell" or "slope". */
  const curves = (plot, which) => {
    // The curves move with the losses' parameters and the size only; the dots with every frame of a drag.
    const fixed = JSON.stringify([plot.ranges.x, explorer.parameters(), explorer.state.loss, plot.area]);
    if (fixed !== plot.fixed) plot.put("curves", known().flatMap((name) => curve(plot, name, which)));
    plot.fixed = fixed;
    plot.put("residual-dots", explorer.lossHidden() ? [] : dots(plot, which));
  };

  /* The study's losses whose formula the browser knows. */
  const known = () => explorer.study().losses.filter((name) => name in explorer.preview.of().losses);

  const curve = (plot, name, which) => {
    const [low, high] = plot.ranges.x;
    const given = explorer.preview.given();
    const value = (r) => explorer.preview.of().losses[name][which](r, given);
    const residuals = Array.from({ length: 241 }, (_, i) => low + ((high - low) * i) / 240);
    const line = residuals.map((r) => plot.pixel([r, value(r)]));
    const active = name === explorer.lossName() && !explorer.lossHidden();
    const drawn = svg("path", { d: explorer.pathOf(line), class: `ell ${explorer.lossClass(name)}${active ? " active" : ""}` });
    // Named once: both charts share colours and dashes.
    if (which !== "ell") return [drawn];
    const at = high * 0.8;
    const top = Math.max(plot.area.t + 12, plot.py(value(-at)) - 6);
    const named = explorer.caption(name).title;
    return [drawn, explorer.text(plot.px(-at) + 4, top, named, "start", `ell-label ${explorer.lossClass(name)}`)];
  };

  const dots = (plot, which) => {
    const given = explorer.preview.given();
    const loss = explorer.preview.of().losses[given.loss];
    const chosen = explorer.tape.chosen();
    if (!loss) return [];
    return explorer.readout.numbers().residuals.map((r, i) => {
      const [cx, cy] = plot.pixel([r, loss[which](r, given)]);
      return svg("circle", { cx, cy, r: 4.5, class: chosen === i ? "residual-dot chosen" : "residual-dot", "data-r": r });
    });
  };

  const words = (residuals) => {
    if (explorer.lossHidden()) return "Which loss this is stays hidden here.";
    const largest = Math.max(...residuals.map(Math.abs));
    const said = explorer.preview.of().ofResiduals?.(residuals, explorer.preview.given());
    return said ?? `Largest residual |r| = ${explorer.short(largest)}.`;
  };

  explorer.lossCurves = {
    start: () => {
      plots = [new explorer.Plot("ell"), new explorer.Plot("ell-slope")];
      plots[0].draw = (plot) => curves(plot, "ell");
      plots[1].draw = (plot) => curves(plot, "slope");
    },
    render: (force = false) => {
      explorer.byId("ell-card").hidden = !known().length;
      if (!known().length) return;
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
