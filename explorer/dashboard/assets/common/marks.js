/* Marks: what is drawn on a map. Each returns SVG nodes; a light core on a dark casing reads on both ends of viridis. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const LONGEST = 110;

  const cased = (d, name) => [svg("path", { d, class: `casing ${name}` }), svg("path", { d, class: name })];
  const label = (x, y, text, name = "") => svg("text", { x, y, class: `mark-label ${name}` }, [text]);

  const inside = (plot, [x, y], pad) => {
    const { l, t, w, h } = plot.area;
    return x > l + pad && x < l + w - pad && y > t + pad && y < t + h - pad;
  };

  /* Whether a place is far enough from all that are taken. */
  const isFree = (taken, [x, y], distance) => taken.every(([u, v]) => Math.hypot(u - x, v - y) > distance);

  const contours = (plot, lines) => {
    const drawn = lines.flatMap(([, points]) => cased(explorer.pathOf(points.map((point) => plot.pixel(point))), "contour"));
    return [...drawn, ...levels(plot, lines)];
  };

  /* One label a level, on its longest line, away from the frame. */
  const levels = (plot, lines) => {
    const labels = new Map();
    const placed = [];
    for (const [level, points] of [...lines].sort((a, b) => b[1].length - a[1].length)) {
      if (labels.has(level) || points.length < 12) continue;
      const spot = [0.5, 0.3, 0.7, 0.15, 0.85]
        .map((share) => plot.pixel(points[Math.floor(points.length * share)]))
        .find((pixel) => inside(plot, pixel, 24) && isFree(placed, pixel, 46));
      if (!spot) continue;
      placed.push(spot);
      labels.set(level, label(...spot, explorer.short(level), "level"));
    }
    return labels.values();
  };

  /* An arrow from a pixel by so many pixels; none where it would be too short to be seen. */
  const arrow = ([x, y], [dx, dy], name, head) => {
    const length = Math.hypot(dx, dy);
    if (!(length > 0.5)) return [];
    const [ux, uy] = [dx / length, dy / length];
    const size = Math.min(head, length * 0.7);
    // Points by how far before the tip they are, and how far beside the line, in heads.
    const at = (back, aside) => [x + dx - size * (ux * back + uy * aside), y + dy - size * (uy * back - ux * aside)];
    const shaft = explorer.pathOf([[x, y], at(0.8, 0)]);
    const tip = `${explorer.pathOf([at(0, 0), at(1, 0.5), at(1, -0.5)])}Z`;
    return [svg("path", { d: shaft, class: `casing ${name}` }), svg("path", { d: tip, class: `casing head ${name}` }),
      svg("path", { d: shaft, class: name }), svg("path", { d: tip, class: `head ${name}` })];
  };

  /* What lies outside the window: an arrowhead at the edge, on the way to it from the middle, with its name. */
  const beyond = (plot, [x, y], name, isNamed = true) => {
    const { l, t, w, h } = plot.area;
    const [cx, cy] = [l + w / 2, t + h / 2];
    const [dx, dy] = [x - cx, y - cy];
    const share = 1 / Math.max(Math.abs(dx) / (w / 2 - 14), Math.abs(dy) / (h / 2 - 14));
    const [ex, ey] = [cx + dx * share, cy + dy * share];
    const [ux, uy] = [dx / Math.hypot(dx, dy), dy / Math.hypot(dx, dy)];
    const head = arrow([ex - 10 * ux, ey - 10 * uy], [20 * ux, 20 * uy], "edge", 10);
    const text = () => label(ex - 16 * ux, ey - 16 * uy + (uy > 0 ? -4 : 14), `${name} outside`, ex > cx ? "edge-right" : "edge-left");
    return isNamed ? [...head, text()] : head;
  };

  /* Lengths: LONGEST·√(m/(1+m)) pixels, m the gradient's norm; the pulls among themselves in proportion, the largest
     by the same rule. Components follow the pixel scale of their axis. Zero is drawn as zero. */
  const longest = (plot) => Math.min(LONGEST, 0.35 * plot.area.w, 0.35 * plot.area.h);
  const scaled = (vectors, plot) => {
    const [ux, uy] = plot.unit;
    const largest = Math.max(0, ...vectors.map((vector) => Math.hypot(...vector)));
    if (!(largest > 0)) return vectors.map(() => [0, 0]);
    const widest = Math.max(...vectors.map(([dx, dy]) => Math.hypot(dx * ux, dy * uy)));
    const scale = (longest(plot) * Math.sqrt(largest / (1 + largest))) / widest;
    return vectors.map(([dx, dy]) => [dx * ux * scale, dy * uy * scale]);
  };

  /* The gradient's part in the plane: its way is that of its coordinates, its length the one it has in theta. */
  const inPlane = ({ coordinates, inPlane: length }) => {
    const size = Math.hypot(...coordinates);
    return coordinates.map((value) => (size > 0 ? (value / size) * length : 0));
  };

  /* The gradient at a point of the plane, up and down; nothing where it is not finite. */
  const gradient = (plot, point, vector) => {
    if (!vector.every(Number.isFinite)) return [];
    const [x, y] = plot.pixel(point);
    const [[gx, gy]] = scaled([vector], plot);
    const drawn = [...arrow([x, y], [gx, gy], "uphill", 13), ...arrow([x, y], [-gx, -gy], "downhill", 15)];
    const far = Math.hypot(gx, gy);
    if (!(far > 14)) return drawn;
    const [nx, ny] = [gx / far, gy / far];
    // Labels stand beside the tips, not on the line the path takes.
    return [...drawn, label(x + gx + nx * 8 - ny * 16, y + gy + ny * 8 + nx * 16, "∇L", "uphill-label"),
      label(x - gx - nx * 10 - ny * 18, y - gy - ny * 10 + nx * 18, "−∇L", "downhill-label")];
  };

  /* The point itself, or the way to it. */
  const handle = (plot, point) => {
    const [cx, cy] = plot.pixel(point);
    if (!inside(plot, [cx, cy], -1)) return beyond(plot, [cx, cy], "the point");
    return [["handle-casing", 9], ["handle-core", 7], ["handle-dot", 2]].map(([name, r]) => svg("circle", { cx, cy, r, class: name }));
  };

  explorer.marks = { LONGEST, cased, label, inside, isFree, contours, arrow, beyond, scaled, inPlane, gradient, handle };
})();
