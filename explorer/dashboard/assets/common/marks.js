/* Marks: what is drawn on a map. Each returns SVG nodes; a light core on a dark casing reads on both ends of viridis. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const LONGEST = 110;
  const cased = (d, name) => [svg("path", { d, class: `casing ${name}` }), svg("path", { d, class: name })];
  const label = (x, y, text, name = "") => svg("text", { x, y, class: `mark-label ${name}` }, [text]);
  const number = (value) => explorer.short(value);

  const contours = (plot, lines) => {
    const drawn = lines.flatMap(([, points]) => cased(explorer.pathOf(points.map(([w, b]) => [plot.px(w), plot.py(b)])), "contour"));
    const labelled = new Set();
    // One label a level, on its longest line, away from the frame.
    const longest = [...lines].sort((a, b) => b[1].length - a[1].length);
    const placed = [];
    for (const [level, points] of longest) {
      if (labelled.has(level) || points.length < 12) continue;
      const spot = [0.5, 0.3, 0.7, 0.15, 0.85]
        .map((share) => points[Math.floor(points.length * share)])
        .map(([w, b]) => [plot.px(w), plot.py(b)])
        .find(([x, y]) => inside(plot, x, y, 24) && placed.every(([u, v]) => Math.hypot(u - x, v - y) > 46));
      if (!spot) continue;
      labelled.add(level);
      placed.push(spot);
      drawn.push(label(...spot, number(level), "level"));
    }
    return drawn;
  };

  const inside = (plot, x, y, pad) => {
    const { l, t, w, h } = plot.area;
    return x > l + pad && x < l + w - pad && y > t + pad && y < t + h - pad;
  };

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
      return arrow(plot.px(w), plot.py(b), (vx / pixels) * length, (vy / pixels) * length, "field-arrow", 5);
    });
  };

  const arrow = (x, y, dx, dy, name, head) => {
    const length = Math.hypot(dx, dy);
    if (!(length > 0.5)) return [];
    const [ux, uy] = [dx / length, dy / length];
    const size = Math.min(head, length * 0.7);
    const [tx, ty] = [x + dx, y + dy];
    const shaft = `M${x.toFixed(1)},${y.toFixed(1)}L${(tx - ux * size * 0.8).toFixed(1)},${(ty - uy * size * 0.8).toFixed(1)}`;
    const tip = `M${tx.toFixed(1)},${ty.toFixed(1)}L${(tx - ux * size - uy * size * 0.5).toFixed(1)},${(ty - uy * size + ux * size * 0.5).toFixed(1)}` +
      `L${(tx - ux * size + uy * size * 0.5).toFixed(1)},${(ty - uy * size - ux * size * 0.5).toFixed(1)}Z`;
    return [svg("path", { d: shaft, class: `casing ${name}` }), svg("path", { d: tip, class: `casing head ${name}` }),
      svg("path", { d: shaft, class: name }), svg("path", { d: tip, class: `head ${name}` })];
  };

  /* Lines p·w + q·b = c across the window. */
  const across = (plot, [p, q, c]) => {
    const [x0, x1] = plot.ranges.x;
    const [y0, y1] = plot.ranges.y;
    const ends = Math.abs(q) > Math.abs(p)
      ? [x0, x1].map((w) => [w, (c - p * w) / q])
      : [y0, y1].map((b) => [(c - q * b) / p, b]);
    return explorer.pathOf(ends.map(([w, b]) => [plot.px(w), plot.py(b)]));
  };
  const kinks = (plot) => (explorer.reply.map?.kinks ?? []).flatMap((line) => cased(across(plot, line), "kink"));

  const minima = (plot, index) => {
    const found = explorer.minima(index);
    if (!found) return [];
    const lowest = found.points.length ? found.points[0].loss : NaN;
    const drawn = found.line ? cased(across(plot, found.line), "minimum-line") : [];
    const named = [];
    for (const point of found.points) {
      const name = point.loss <= lowest + 1e-12 ? "θ*" : "local θ*";
      const [x, y] = [plot.px(point.theta[0]), plot.py(point.theta[1])];
      if (!inside(plot, x, y, -1)) {
        drawn.push(...beyond(plot, x, y, `${name}, L ${number(point.loss)},`));
        continue;
      }
      drawn.push(svg("path", { d: star(x, y, 9), class: "minimum", "data-theta": point.theta.join(",") }, [
        svg("title", {}, [`${name}: w ${point.theta[0]}, b ${point.theta[1]}, L ${point.loss}. ${explorer.lossHidden() ? "" : point.certificate}`])]));
      // The lowest comes first: a neighbour's name must not cover it.
      if (named.every(([u, v]) => Math.hypot(u - x, v - y) > 40)) drawn.push(label(x + 12, y + 16, name, "minimum-label"));
      named.push([x, y]);
    }
    return drawn;
  };
  /* What lies outside the window: an arrowhead at the edge, on the way to it from the middle, with its name. */
  const beyond = (plot, x, y, name) => {
    const { l, t, w, h } = plot.area;
    const [cx, cy] = [l + w / 2, t + h / 2];
    const share = 1 / Math.max(Math.abs(x - cx) / (w / 2 - 14), Math.abs(y - cy) / (h / 2 - 14));
    const [ex, ey] = [cx + (x - cx) * share, cy + (y - cy) * share];
    const [ux, uy] = [(x - cx) / Math.hypot(x - cx, y - cy), (y - cy) / Math.hypot(x - cx, y - cy)];
    const anchor = ex > cx ? "edge-right" : "edge-left";
    const head = arrow(ex - 10 * ux, ey - 10 * uy, 20 * ux, 20 * uy, "edge", 10);
    // On a small map there is no room for words about the minima; they stand below it as well.
    if (w < 400 && name !== "the point") return head;
    return [...head, label(ex - 16 * ux, ey - 16 * uy + (uy > 0 ? -4 : 14), `${name} outside`, anchor)];
  };
  const star = (x, y, r) => Array.from({ length: 10 }, (_, i) => {
    const [angle, radius] = [(Math.PI * i) / 5 - Math.PI / 2, i % 2 ? r * 0.45 : r];
    return `${i ? "L" : "M"}${(x + radius * Math.cos(angle)).toFixed(1)},${(y + radius * Math.sin(angle)).toFixed(1)}`;
  }).join("") + "Z";

  const trail = (plot) => {
    const start = explorer.start ?? explorer.theta();
    const points = [start, ...(explorer.path ?? [])].map(([w, b]) => [plot.px(w), plot.py(b)]);
    // Beside the point, across the arrows that leave it along the gradient.
    const [gx, gy] = scaled([explorer.numbers().gradient], plot, 1)[0];
    const far = Math.hypot(gx, gy) || 1;
    const name = label(points[0][0] - (20 * gy) / far, points[0][1] + (gx / far || 1) * 20 + 5, "θ₀", "start-label");
    if (points.length < 2) return [name];
    return [name, ...cased(explorer.pathOf(points), "path"), ...points.slice(1).map(([cx, cy]) => svg("circle", { cx, cy, r: 3, class: "path-dot" })),
      svg("circle", { cx: points[0][0], cy: points[0][1], r: 6, class: "start" })];
  };

  /* Lengths: LONGEST·√(m/(1+m)) pixels, m the gradient's norm; the pulls among themselves in proportion, the largest
     by the same rule. Components follow the pixel scale of their axis. Zero is drawn as zero. */
  const longest = (plot) => Math.min(LONGEST, 0.35 * plot.area.w, 0.35 * plot.area.h);
  const scaled = (vectors, plot, sign) => {
    const [ux, uy] = plot.unit;
    const largest = Math.max(0, ...vectors.map((vector) => Math.hypot(...vector)));
    if (!(largest > 0)) return vectors.map(() => [0, 0]);
    const widest = Math.max(...vectors.map(([dw, db]) => Math.hypot(dw * ux, db * uy)));
    const scale = (sign * longest(plot) * Math.sqrt(largest / (1 + largest))) / widest;
    return vectors.map(([dw, db]) => [dw * ux * scale, db * uy * scale]);
  };

  const arrows = (plot, here) => {
    if (!here || !here.gradient.every(Number.isFinite)) return [];
    const [x, y] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
    const pulls = explorer.state.layers.includes("pulls") ? scaled(here.pulls, plot, -1) : [];
    const chosen = explorer.tape?.chosen();
    const drawn = pulls.flatMap((pull, i) => arrow(x, y, ...pull, chosen === i ? "pull chosen" : "pull", 6));
    const [[gx, gy]] = scaled([here.gradient], plot, 1);
    drawn.push(...arrow(x, y, gx, gy, "uphill", 13), ...arrow(x, y, -gx, -gy, "downhill", 15));
    const far = Math.hypot(gx, gy);
    if (far > 14) {
      const [nx, ny] = [gx / far, gy / far];
      // Labels stand beside the tips, not on the line the path takes.
      drawn.push(label(x + gx + nx * 8 - ny * 16, y + gy + ny * 8 + nx * 16, "∇L", "uphill-label"),
        label(x - gx - nx * 10 - ny * 18, y - gy - ny * 10 + nx * 18, "−∇L", "downhill-label"));
    }
    return drawn;
  };

  const guess = (plot) => {
    const drawn = explorer.activity?.guessed();
    if (!drawn) return [];
    const [x, y] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
    return [...arrow(x, y, ...drawn, "guess", 13), label(x + drawn[0] + 8, y + drawn[1] - 8, "your guess")];
  };

  /* The ellipse of equal loss of the quadratic model at the point: half-axes ∝ 1/√|λ|, dashed where λ < 0. */
  const ellipse = (plot) => {
    const { eigenvalues = [], eigenvectors = [] } = explorer.reply.point?.curvature ?? {};
    const steepest = Math.max(...eigenvalues.map(Math.abs));
    if (eigenvalues.length < 2 || explorer.stale() || !(steepest > 1e-12)) return [];
    // A flat direction would have an endless axis: it ends where the curvature is 1/1000 of the other's.
    const radii = eigenvalues.map((value) => 1 / Math.sqrt(Math.max(Math.abs(value), steepest / 1000)));
    const [ux, uy] = plot.unit;
    const size = Math.max(...radii.map((radius, i) => radius * Math.hypot(eigenvectors[i][0] * ux, eigenvectors[i][1] * uy)));
    const scale = 80 / size;
    const [x, y] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
    const points = Array.from({ length: 65 }, (_, k) => {
      const angle = (k / 64) * 2 * Math.PI;
      const [p, q] = [Math.cos(angle) * radii[0] * scale, Math.sin(angle) * radii[1] * scale];
      return [x + (p * eigenvectors[0][0] + q * eigenvectors[1][0]) * ux, y + (p * eigenvectors[0][1] + q * eigenvectors[1][1]) * uy];
    });
    const shape = cased(explorer.pathOf(points), eigenvalues[0] < 0 ? "ellipse saddle" : "ellipse");
    const axes = radii.flatMap((radius, i) => {
      const [dx, dy] = [eigenvectors[i][0] * ux * radius * scale, eigenvectors[i][1] * uy * radius * scale];
      return cased(explorer.pathOf([[x - dx, y - dy], [x + dx, y + dy]]), eigenvalues[i] < 0 ? "ellipse axis saddle" : "ellipse axis");
    });
    return [...shape, ...axes];
  };

  const handle = (plot) => {
    if (!inside(plot, plot.px(explorer.state.w), plot.py(explorer.state.b), -1)) {
      const [x, y] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
      return beyond(plot, x, y, "the point");
    }
    const [cx, cy] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
    return [svg("circle", { cx, cy, r: 9, class: "handle-casing" }), svg("circle", { cx, cy, r: 7, class: "handle-core" }),
      svg("circle", { cx, cy, r: 2, class: "handle-dot" })];
  };

  explorer.marks = { LONGEST, contours, field, kinks, minima, trail, arrows, guess, ellipse, handle, inside, arrow, label };
})();
