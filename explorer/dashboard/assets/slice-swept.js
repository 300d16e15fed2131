/* Swept: the fields of a store read between their points, for the frames between press and release. Always ≈. */
(() => {
  const explorer = (window.explorer ??= {});
  /* Text as plotly shows it letter for letter: it takes some tags, and names are data of others. */
  /* A name where there is little room. */
  explorer.brief = (text) => (text.length > 28 ? `${text.slice(0, 27)}…` : text);
  explorer.plain = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  const floats = (text) => new Float32Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);

  /* A side as it is sent -> with its fields decoded, in C order: the last axis varies fastest. */
  explorer.side = (sent) => ({ ...sent, fields: Object.fromEntries(Object.entries(sent.values).map(([name, text]) => [name, floats(text)])) });

  /* Where a value lies along ascending points: [index, share of the step after it], null outside. */
  const locate = (points, value) => {
    const last = points.length - 1;
    if (!(value >= points[0] && value <= points[last])) return null;
    let [low, high] = [0, last];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (points[middle] <= value) low = middle;
      else high = middle;
    }
    return last ? [low, (value - points[low]) / (points[high] - points[low])] : [0, 0];
  };

  /* One field at a place, linear between the points around it; NaN outside and beside a hole. */
  explorer.readAt = (side, name, at) => {
    const field = side.fields[name];
    const found = side.points.map((points, axis) => locate(points, at[axis]));
    if (!field || found.some((each) => !each)) return NaN;
    const [[i, s], [j, t] = [0, 0]] = found;
    const wide = side.points[1]?.length ?? 1;
    const value = (k, l) => field[k * wide + l];
    const along = (k) => (t ? (1 - t) * value(k, j) + t * value(k, j + 1) : value(k, j));
    return s ? (1 - s) * along(i) + s * along(i + 1) : along(i);
  };

  const solve = ([[a, b], [c, d]], [x, y]) => [(d * x - b * y) / (a * d - b * c), (a * y - c * x) / (a * d - b * c)];

  /* Everything at a place: values by name; the gradient's projection onto the plane, G c = g, as coordinates c. */
  explorer.sweptAt = (side, at) => {
    const values = Object.fromEntries(Object.keys(side.fields).filter((name) => !name.startsWith("d ")).map((name) => [name, explorer.readAt(side, name, at)]));
    const gradient = side.axes.map((label) => explorer.readAt(side, `d ${label}`, at));
    const norm = values.gradient_norm ?? NaN;
    if (!side.gram || !gradient.every(Number.isFinite)) return { source: "preview", values, gradient: null, coordinates: null, inPlane: NaN, norm, share: null };
    const coordinates = gradient.length === 2 ? solve(side.gram, gradient) : [gradient[0] / side.gram[0][0]];
    const inPlane = Math.sqrt(Math.max(0, coordinates.reduce((sum, value, axis) => sum + value * gradient[axis], 0)));
    return { source: "preview", values, gradient, coordinates, inPlane, norm, share: norm > 0 ? inPlane / norm : null };
  };

  /* A field along one axis through a place: [[coordinate, value], ...]. */
  explorer.cutOf = (side, name, axis, at) =>
    side.points[axis].map((value) => [value, explorer.readAt(side, name, at.map((other, i) => (i === axis ? value : other)))]);
})();
