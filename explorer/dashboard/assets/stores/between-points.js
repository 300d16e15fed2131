/* Swept: the fields of a store read between their points, for the frames between press and release. Always ≈. */
(() => {
  const explorer = (window.explorer ??= {});

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const floats = (text) => new Float32Array(bytes(text).buffer);

  /* Which points of the whole grid are evaluated, 1 or 0 each in C order; null where none is interpolated. */
  const unpacked = ({ evaluated, sizes }) => {
    if (!evaluated) return null;
    const packed = bytes(evaluated);
    const length = sizes.reduce((product, size) => product * size, 1);
    return Uint8Array.from({ length }, (_, i) => (packed[i >> 3] >> (7 - (i & 7))) & 1);
  };

  /* A side as it is sent -> with its fields decoded, in C order: the last axis varies fastest. */
  explorer.side = (sent) => {
    const fields = Object.entries(sent.values).map(([name, text]) => [name, floats(text)]);
    return { ...sent, evaluated: unpacked(sent), fields: Object.fromEntries(fields) };
  };

  /* How a side knows what it has stored around a place: "evaluated" at all corners of its cell, or "interpolated"; ""
     where nothing was interpolated, and outside. */
  explorer.standing = ({ evaluated, sizes, window: ends }, at) => {
    const steps = ends.map(([low, high], axis) => ((at[axis] - low) / (high - low)) * (sizes[axis] - 1));
    if (!evaluated || !steps.every((step, axis) => step >= 0 && step <= sizes[axis] - 1)) return "";
    // A point of the grid is itself, whatever rounding makes of its place.
    const near = (step) => (Math.abs(step - Math.round(step)) < 1e-6 ? [Math.round(step)] : [Math.floor(step), Math.ceil(step)]);
    const corners = steps.map(near).reduce((found, own, axis) => found.flatMap((flat) => own.map((i) => flat * sizes[axis] + i)), [0]);
    return corners.every((flat) => evaluated[flat]) ? "evaluated" : "interpolated";
  };

  /* The evaluated points of a side over a plane: [[coordinate, coordinate], ...]. */
  explorer.evaluatedAt = ({ evaluated, sizes: [, wide], sizes, window: ends }) => {
    const place = (i, axis) => ends[axis][0] + (i / Math.max(1, sizes[axis] - 1)) * (ends[axis][1] - ends[axis][0]);
    const found = [];
    evaluated?.forEach((there, flat) => there && found.push([place(Math.floor(flat / wide), 0), place(flat % wide, 1)]));
    return found;
  };

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
  const readAt = (side, name, at) => {
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
    const names = Object.keys(side.fields).filter((name) => !name.startsWith("d "));
    const values = Object.fromEntries(names.map((name) => [name, readAt(side, name, at)]));
    const gradient = side.axes.map((label) => readAt(side, `d ${label}`, at));
    const norm = values.gradient_norm ?? NaN;
    const unknown = { source: "preview", values, gradient: null, coordinates: null, inPlane: NaN, norm, share: null };
    if (!side.gram || !gradient.every(Number.isFinite)) return unknown;
    const coordinates = gradient.length === 2 ? solve(side.gram, gradient) : [gradient[0] / side.gram[0][0]];
    const inPlane = Math.sqrt(Math.max(0, coordinates.reduce((sum, value, axis) => sum + value * gradient[axis], 0)));
    return { ...unknown, gradient, coordinates, inPlane, share: norm > 0 ? inPlane / norm : null };
  };

  /* A field along one axis through a place: [[coordinate, value], ...]. */
  explorer.cutOf = (side, name, axis, at) =>
    side.points[axis].map((value) => [value, readAt(side, name, at.map((other, i) => (i === axis ? value : other)))]);
})();
