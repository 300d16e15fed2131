/* Landscape: the maps, and what is drawn on them: contours, minima, θ₀, the path, arrows, pulls, the handle. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const VIRIDIS = [[0, "#440154"], [0.125, "#482878"], [0.25, "#3e4989"], [0.375, "#31688e"], [0.5, "#26828e"],
    [0.625, "#1f9e89"], [0.75, "#35b779"], [0.875, "#6ece58"], [1, "#fde725"]];
  const HOLE = 65535;
  const LONGEST = 110;

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const rows = (flat, [height, width]) =>
    Array.from({ length: height }, (_, i) => flat.subarray(i * width, (i + 1) * width));

  /* The codes of a map, 0..65534 along the scale and 65535 a hole: undo what scene.py did to make them small. */
  const unpack = (text, [height, width]) => {
    const halves = new Uint8Array(bytes(text));
    const codes = new Uint16Array(height * width);
    for (let i = 0; i < codes.length; i++) codes[i] = halves[i] | (halves[i + codes.length] << 8);
    for (let pass = 0; pass < 2; pass++) {
      for (let row = 0; row < height; row++) {
        for (let i = row * width + 1; i < (row + 1) * width; i++) codes[i] += codes[i - 1];
      }
    }
    return codes;
  };

  const decode = (map) => {
    const codes = unpack(map.codes, map.shape);
    const z = Float32Array.from(codes, (code) => (code === HOLE ? NaN : code / (HOLE - 1)));
    return { ...map, codes, z: rows(z, map.shape), values: map.values && new Float32Array(bytes(map.values)) };
  };

  /* The colour scale of a weighted total, by the rule of explorer/figures/scale.py. */
  const scaleOf = (values) => {
    const finite = values.filter(Number.isFinite).sort();
    const quantile = (q) => {
      const at = q * (finite.length - 1);
      const i = Math.floor(at);
      return finite[i] + (finite[Math.min(i + 1, finite.length - 1)] - finite[i]) * (at - i);
    };
    const [low, high] = [finite[0], finite[finite.length - 1]];
    const floor = Math.max(low, high * 1e-6);
    const decades = Math.log10(high / floor);
    if (!(low >= 0) || !(high > 0) || decades < 1.2) {
      return { kind: "linear", low: quantile(0.004), high: quantile(0.985), floor: low, decades, holes: 0 };
    }
    return { kind: "log", low: Math.max(floor, quantile(0.004)), high: quantile(0.985), floor, decades, holes: 0 };
  };
  const normalize = (values, { kind, low, high }) => {
    const to = kind === "log" ? Math.log : (value) => value;
    const [a, b] = [to(low), to(high)];
    return Float32Array.from(values, (value) => Math.min(1, Math.max(0, (to(Math.max(value, low)) - a) / (b - a || 1))));
  };

  /* The weighted total, summed from the swept terms: nothing is evaluated again. */
  const total = (terms, weight) => {
    const [first, ...rest] = terms;
    const sum = Float64Array.from(first.values, (value, i) => weight * value + rest.reduce((s, term) => s + term.values[i], 0));
    const scale = scaleOf(sum);
    return { name: "total", scale, z: rows(normalize(sum, scale), first.shape), shape: first.shape, contours: explorer.reply.totalWeight === weight ? explorer.reply.totalContours : [] };
  };

  /* ---- one map ---- */
  class LandscapeMap {
    constructor(id, index) {
      this.index = index;
      this.box = document.querySelector(`[data-map="${id}"]`);
      this.plot = new explorer.Plot(id);
      this.plot.draw = () => this.marks();
      this.listen();
    }

    show(map, window, labels) {
      this.map = map;
      this.box.hidden = !map;
      if (!map) return;
      const [x, y] = labels.map((label) => window[label]);
      const [height, width] = map.shape;
      const trace = {
        type: "heatmap", z: map.z, x0: x[0], dx: (x[1] - x[0]) / (width - 1), y0: y[0], dy: (y[1] - y[0]) / (height - 1),
        zmin: 0, zmax: 1, colorscale: VIRIDIS, showscale: false, hoverinfo: "none", zsmooth: "fast", connectgaps: false,
      };
      this.plot.show({ x, y, xTitle: labels[0] === "w" ? "weight w" : labels[0], yTitle: labels[1] === "b" ? "bias b" : labels[1], traces: [trace] });
      this.box.querySelector(".map-title").textContent = title(map.name);
      legend(this.box.querySelector(".legend"), map.scale);
    }

    marks() {
      if (!this.map || this.box.hidden) return;
      const { state } = explorer;
      const plot = this.plot;
      const clip = plot.clip();
      const predicting = explorer.activity.drawing();
      const fixed = `${predicting}|${this.map.name}|${this.map.contours.length}|${JSON.stringify(plot.area)}|${state.layers}|${plot.ranges.x}|${plot.ranges.y}|${explorer.reply.serial}`;
      // What does not move with the point is drawn once for a scene and size.
      if (fixed !== this.fixed) {
        this.fixed = fixed;
        plot.group("field", { "clip-path": clip }).append(...(state.layers.includes("field") && !predicting ? field(plot) : []));
        plot.group("contours", { "clip-path": clip }).append(...(state.layers.includes("contours") ? contours(plot, this.map.contours) : []));
        plot.group("kinks", { "clip-path": clip }).append(...(state.layers.includes("kinks") ? kinks(plot) : []));
        plot.group("minima", { "clip-path": clip }).append(...(state.layers.includes("minima") ? minima(plot, this.index) : []));
      }
      plot.group("trail", { "clip-path": clip }).append(...trail(plot));
      const here = explorer.numbers(this.map.name);
      plot.group("ellipse", { "clip-path": clip }).append(...(state.layers.includes("ellipse") ? ellipse(plot) : []));
      // While a direction is to be predicted the exercise decides what is seen; afterwards guess and truth together.
      const hidden = explorer.activity.hidesArrow() ?? state.hide.includes("arrow");
      plot.group("arrows", { "clip-path": clip }).append(...(hidden ? [] : arrows(plot, here)), ...guess(plot));
      plot.group("handle").append(...handle(plot));
      if (!this.surface) plot.layer.append((this.surface = svg("rect", { class: "surface" })));
      const { l, t, w, h } = plot.area;
      for (const [key, value] of Object.entries({ x: l, y: t, width: w, height: h })) this.surface.setAttribute(key, value);
    }

    /* The drawn value under the pointer: of the nearest grid point, so ≈. */
    hover(event) {
      const { map, plot } = this;
      if (!map) return;
      const [w, b] = plot.at(event);
      const cell = (value, [low, high], n) => Math.round(((value - low) / (high - low)) * (n - 1));
      const [row, column] = [cell(b, plot.ranges.y, map.shape[0]), cell(w, plot.ranges.x, map.shape[1])];
      const z = map.z[row]?.[column];
      const { kind, low, high } = map.scale;
      const value = kind === "log" ? low * (high / low) ** z : low + (high - low) * z;
      const clipped = z <= 0 ? "≤ " : z >= 1 ? "≥ " : "≈ ";
      this.box.querySelector(".under-pointer").textContent = z === undefined ? "" : Number.isNaN(z) ? "here: not finite" : `here ${clipped}${number(value)}`;
    }

    listen() {
      const { layer } = this.plot;
      layer.setAttribute("tabindex", "0");
      layer.setAttribute("role", "application");
      layer.setAttribute("aria-label", this.plot.holder.dataset.label);
      let dragging = false;
      let drawing = false;
      const move = (event, history) => {
        const [w, b] = this.plot.at(event).map((value) => Math.round(value * 1e6) / 1e6);
        const inside = (value, [low, high]) => Math.min(high, Math.max(low, value));
        if (drawing) return explorer.activity.draw(this.plot, event, history);
        explorer.act({ w: inside(w, this.plot.ranges.x), b: inside(b, this.plot.ranges.y) }, history);
      };
      layer.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !this.map) return;
        dragging = true;
        drawing = explorer.activity.drawing();
        layer.setPointerCapture(event.pointerId);
        layer.focus({ preventScroll: true });
        event.preventDefault();
        move(event, "live");
      });
      layer.addEventListener("pointermove", (event) => (dragging ? move(event, "live") : this.hover(event)));
      layer.addEventListener("pointerleave", () => (this.box.querySelector(".under-pointer").textContent = ""));
      layer.addEventListener("pointerup", (event) => dragging && ((dragging = false), move(event, "push")));
      layer.addEventListener("pointercancel", () => dragging && ((dragging = false), explorer.act({}, "push")));
      layer.addEventListener("keydown", (event) => keys(event, this.plot));
    }
  }

  const title = (name) => {
    if (name === "total") return "Total: λ·L_ic + L_pde";
    if (name === "ic") return "L_ic: the initial condition";
    if (name === "pde") return "L_pde: the equation";
    return explorer.lossTitle(name);
  };

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const keys = (event, plot) => {
    if (explorer.activity.drawing() && (event.key in STEPS || event.key === "Enter")) return event.preventDefault(), explorer.activity.turn(plot, event);
    if (event.key === "Enter") return event.preventDefault(), explorer.step.take();
    if (event.key === "Backspace") return event.preventDefault(), explorer.step.undo();
    const way = STEPS[event.key];
    if (!way || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const share = event.altKey ? 1 / 8000 : event.shiftKey ? 1 / 32 : 1 / 160;
    const { x, y } = plot.ranges;
    const to = (value, by, [low, high]) => Math.min(high, Math.max(low, Math.round((value + by * share * (high - low)) * 1e6) / 1e6));
    explorer.act({ w: to(explorer.state.w, way[0], x), b: to(explorer.state.b, way[1], y) }, "replace");
  };

  /* ---- marks: each returns SVG nodes; light core on dark casing reads on both ends of viridis ---- */
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
  explorer.arrow = arrow;

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
    for (const point of found.points) {
      const name = point.loss <= lowest + 1e-12 ? "θ*" : "local θ*";
      const [x, y] = [plot.px(point.theta[0]), plot.py(point.theta[1])];
      if (!inside(plot, x, y, -1)) {
        drawn.push(...beyond(plot, x, y, `${name}, L ${number(point.loss)},`));
        continue;
      }
      drawn.push(svg("path", { d: star(x, y, 9), class: "minimum", "data-theta": point.theta.join(",") }, [
        svg("title", {}, [`${name}: w ${point.theta[0]}, b ${point.theta[1]}, L ${point.loss}. ${explorer.lossHidden() ? "" : point.certificate}`])]));
      drawn.push(label(x + 12, y + 16, name, "minimum-label"));
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
    const name = label(points[0][0] - 13, points[0][1] + 22, "θ₀", "start-label");
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

  /* ---- legend ---- */
  const legend = (box, scale) => {
    const ticks = box.querySelector(".ticks");
    const { kind, low, high, floor } = scale;
    const at = kind === "log"
      ? (value) => Math.log(value / low) / Math.log(high / low)
      : (value) => (value - low) / (high - low);
    ticks.replaceChildren(...nice(kind, low, high).map((value) => {
      const tick = document.createElement("span");
      tick.textContent = number(value);
      tick.style.left = `${100 * at(value)}%`;
      return tick;
    }));
    const floored = kind === "log" ? `; floor ${number(floor)}` : "";
    const holes = scale.holes ? `; ${scale.holes} point${scale.holes > 1 ? "s" : ""} not finite, left empty` : "";
    box.querySelector(".says").textContent = `L, ${kind} scale, clipped to ${number(low)} … ${number(high)}${floored}${holes}`;
  };
  const nice = (kind, low, high) => {
    if (!(high > low)) return [low];
    if (kind === "log") {
      const found = [];
      for (let e = Math.floor(Math.log10(low)); e <= Math.log10(high); e++) {
        for (const m of Math.log10(high / low) > 2.5 ? [1] : [1, 2, 5]) if (m * 10 ** e >= low && m * 10 ** e <= high) found.push(m * 10 ** e);
      }
      return found;
    }
    const raw = (high - low) / 6;
    const step = [1, 2, 5, 10].map((m) => m * 10 ** Math.floor(Math.log10(raw))).find((s) => s >= raw);
    const found = [];
    for (let v = Math.ceil(low / step) * step; v <= high; v += step) found.push(v);
    return found;
  };

  /* ---- all maps ---- */
  let maps = [];
  let shown = null;
  let weight = null;
  explorer.landscape = {
    start: () => (maps = ["landscape", "map-1", "map-2", "map-3"].map((id, i) => new LandscapeMap(id, i))),
    /* Draw the maps of the last reply (or redraw them for another theme, size or weight). */
    show: () => {
      const { reply } = explorer;
      if (!reply.map || reply.mapStudy !== explorer.state.study) return;
      if (shown?.source !== reply.map) shown = { source: reply.map, decoded: reply.map.maps.map(decode) };
      weight = explorer.state.weight;
      const drawn = explorer.study().terms.length ? [total(shown.decoded, explorer.state.weight), ...shown.decoded] : shown.decoded;
      const holder = document.getElementById("maps");
      holder.dataset.count = drawn.length;
      maps.forEach((map, i) => map.show(drawn[i], reply.map.window, explorer.study().labels));
    },
    marks: () => (explorer.study().terms.length && weight !== explorer.state.weight ? explorer.landscape.show() : maps.forEach((map) => map.plot.marks())),
    refresh: () => maps.forEach((map) => ((map.fixed = null), map.plot.marks())),
    longest: LONGEST,
  };
})();
