/* Scenery: what the lesson's maps show beside contours and the point. Each returns SVG nodes. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const cased = (...given) => explorer.marks.cased(...given);
  const label = (...given) => explorer.marks.label(...given);
  /* Pixels of the ellipse's longer half-axis. */
  const ELLIPSE = 80;

  const field = (plot) => {
    const arrows = explorer.reply.map?.field.arrows ?? [];
    const [ux, uy] = plot.unit;
    const cell = plot.area.w / Math.sqrt(arrows.length || 1);
    return arrows.flatMap(([w, b, dw, db]) => {
      const norm = Math.hypot(dw, db);
      const [vx, vy] = [-dw * ux, -db * uy];
      const pixels = Math.hypot(vx, vy);
      if (!(pixels > 0)) return [];
      // Bounded by the cell; the root keeps the small ones visible, zero stays zero.
      const length = 0.8 * cell * Math.sqrt(norm / (0.3 + norm));
      return explorer.marks.arrow(plot.pixel([w, b]), [(vx / pixels) * length, (vy / pixels) * length], "field-arrow", 5);
    });
  };

  /* Lines p·w + q·b = c across the window. */
  const across = (plot, [p, q, c]) => {
    const { x, y } = plot.ranges;
    const ends = Math.abs(q) > Math.abs(p) ? x.map((w) => [w, (c - p * w) / q]) : y.map((b) => [(c - q * b) / p, b]);
    return explorer.pathOf(ends.map((end) => plot.pixel(end)));
  };
  const kinks = (plot) => (explorer.reply.map?.kinks ?? []).flatMap((line) => cased(across(plot, line), "kink"));

  const minima = (plot, index) => {
    const found = explorer.minima.of(index);
    if (!found) return [];
    const drawn = found.line ? cased(across(plot, found.line), "minimum-line") : [];
    const named = [];
    for (const point of found.points) drawn.push(...minimum(plot, point, found.points[0].loss, named));
    return drawn;
  };

  const minimum = (plot, { theta, loss, certificate }, lowest, named) => {
    const name = loss <= lowest + 1e-12 ? "θ*" : "local θ*";
    const [x, y] = plot.pixel(theta);
    // On a small map there is no room for words about the minima; they stand below it as well.
    const isNamed = plot.area.w >= 400;
    if (!explorer.marks.inside(plot, [x, y], -1)) {
      return explorer.marks.beyond(plot, [x, y], `${name}, L ${explorer.short(loss)},`, isNamed);
    }
    const told = `${name}: w ${theta[0]}, b ${theta[1]}, L ${loss}. ${explorer.lossHidden() ? "" : certificate}`;
    const drawn = [svg("path", { d: star(x, y, 9), class: "minimum", "data-theta": theta.join(",") }, [svg("title", {}, [told])])];
    // The lowest comes first: a neighbour's name must not cover it.
    if (explorer.marks.isFree(named, [x, y], 40)) drawn.push(label(x + 12, y + 16, name, "minimum-label"));
    named.push([x, y]);
    return drawn;
  };
  const star = (x, y, r) => `${explorer.pathOf(Array.from({ length: 10 }, (_, i) => {
    const [angle, radius] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 ? r * 0.45 : r];
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  }))}Z`;

  /* The steps taken by hand. */
  const trail = (plot) => {
    const points = explorer.step.places().map((place) => plot.pixel(place));
    const [[x, y], ...later] = points;
    // Beside the point, across the arrows that leave it along the gradient.
    const [[gx, gy]] = explorer.marks.scaled([explorer.readout.numbers().gradient], plot);
    const far = Math.hypot(gx, gy) || 1;
    const name = label(x - (20 * gy) / far, y + (gx / far || 1) * 20 + 5, "θ₀", "start-label");
    if (!later.length) return [name];
    const dots = later.map(([cx, cy]) => svg("circle", { cx, cy, r: 3, class: "path-dot" }));
    return [name, ...cased(explorer.pathOf(points), "path"), ...dots, svg("circle", { cx: x, cy: y, r: 6, class: "start" })];
  };

  /* The pull of each data point, or term; the chosen one stands out. */
  const pulls = (plot, vectors) => {
    const start = plot.pixel(explorer.theta());
    const chosen = explorer.tape.chosen();
    return explorer.marks.scaled(vectors, plot).flatMap(([x, y], i) =>
      explorer.marks.arrow(start, [-x, -y], chosen === i ? "pull chosen" : "pull", 6));
  };

  /* The direction that a learner has drawn. */
  const guess = (plot) => {
    const drawn = explorer.activity.guessed();
    if (!drawn) return [];
    const [x, y] = plot.pixel(explorer.theta());
    return [...explorer.marks.arrow([x, y], drawn, "guess", 13), label(x + drawn[0] + 8, y + drawn[1] - 8, "your guess")];
  };

  /* The ellipse of equal loss of the quadratic model at the point: half-axes ∝ 1/√|λ|, dashed where λ < 0. */
  const ellipse = (plot) => {
    const { eigenvalues = [], eigenvectors = [] } = explorer.reply.point?.curvature ?? {};
    const steepest = Math.max(...eigenvalues.map(Math.abs));
    if (eigenvalues.length < 2 || explorer.stale() || !(steepest > 1e-12)) return [];
    const [ux, uy] = plot.unit;
    // A flat direction would have an endless axis: it ends where the curvature is 1/1000 of the other's.
    const halves = eigenvalues.map((value, i) => {
      const radius = 1 / Math.sqrt(Math.max(Math.abs(value), steepest / 1000));
      return [eigenvectors[i][0] * ux * radius, eigenvectors[i][1] * uy * radius];
    });
    const scale = ELLIPSE / Math.max(...halves.map((half) => Math.hypot(...half)));
    const [x, y] = plot.pixel(explorer.theta());
    const at = (p, q) => [0, 1].map((k) => [x, y][k] + scale * (p * halves[0][k] + q * halves[1][k]));
    const round = Array.from({ length: 65 }, (_, k) => at(Math.cos((k / 32) * Math.PI), Math.sin((k / 32) * Math.PI)));
    const lines = [[at(-1, 0), at(1, 0)], [at(0, -1), at(0, 1)]];
    const signs = explorer.curvature.signs(eigenvalues);
    const name = (sign, kind) => (sign < 0 ? `${kind} saddle` : kind);
    return [...cased(explorer.pathOf(round), name(signs[0], "ellipse")),
      ...lines.flatMap((line, i) => cased(explorer.pathOf(line), name(signs[i], "ellipse axis")))];
  };

  explorer.scenery = { field, kinks, minima, trail, pulls, guess, ellipse };
})();
