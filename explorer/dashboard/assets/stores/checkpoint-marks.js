/* Marks of /slice: evaluated points; checkpoints and trajectories, dashed where they are far from the plane. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const short = (value) => (value === null ? "unknown" : explorer.short(value));

  const told = ({ name, at, offset, loss, plane_loss: shown }) => {
    const where = `${name} at ${at.map(short).join(", ")}: ${short(offset)} from the plane`;
    return svg("title", {}, [`${where}; its own loss ${short(loss)}, the plane's ${short(shown)}`]);
  };

  /* The name of an end of a path, on the side where the path is not. */
  const named = ({ area: { l, t, w, h } }, points, [x, y], text) => {
    const middle = points.reduce((sum, point) => sum + point[1], 0) / points.length;
    const isBelow = middle < y ? y + 24 < t + h : y - 24 < t;
    const isLeft = x > l + 0.7 * w;
    return explorer.text(x + (isLeft ? -8 : 8), y + (isBelow ? 20 : -10), text, isLeft ? "end" : "start", "mark-label");
  };

  const ends = (plot, places, points) => {
    const outer = points.length > 1 ? [0, points.length - 1] : [];
    return outer.filter((i) => explorer.marks.inside(plot, points[i], -1))
      .map((i) => named(plot, points, points[i], explorer.names.brief(places[i].name)));
  };

  /* One run: lines in its own color and pattern, dots where it is far from the plane; a lone one is dashed there. */
  const path = (plot, { path: places, far, color, dash, name: run }, limit) => {
    const points = places.map(({ at }) => plot.pixel(at));
    const style = (dashes) => (run ? `stroke:${color};stroke-dasharray:${dashes}` : undefined);
    const segments = far.map((share, i) => ({ d: explorer.pathOf(points.slice(i, i + 2)), isFar: share > limit }));
    const casings = segments.map(({ d, isFar }) => svg("path", { d, class: isFar ? "casing path far" : "casing path" }));
    const lines = segments.map(({ d, isFar }) =>
      svg("path", { d, class: isFar ? "path far" : "path", style: style(isFar ? "0.1 6" : dash) }));
    const look = { r: run ? 2.6 : 3.5, class: "path-dot", style: run ? `fill:${color}` : undefined };
    const dots = points.map(([cx, cy], i) => svg("circle", { cx, cy, ...look }, [told(places[i])]));
    // Where runs have names these stand beside the map, and at the start they would lie upon each other.
    return [...casings, ...lines, ...(run ? [] : ends(plot, places, points)), ...dots];
  };

  const lone = (plot, each) => {
    const [x, y] = plot.pixel(each.at);
    if (!explorer.marks.inside(plot, [x, y], -1)) return [];
    const d = `${explorer.pathOf([[x, y - 8], [x + 8, y], [x, y + 8], [x - 8, y]])}Z`;
    return [svg("path", { d, class: "minimum checkpoint" }, [told(each)]),
      explorer.text(x + 11, y + 5, `${each.name} (${short(each.offset)} off)`, "start", "mark-label")];
  };

  const runs = (plot, found) =>
    [...found.runs.flatMap((run) => path(plot, run, found.limit)), ...found.points.flatMap((each) => lone(plot, each))];

  /* One path for all, however many: lines without length, whose round ends are the dots. */
  const dots = (plot, side) => {
    const d = explorer.evaluatedAt(side).map((place) => `${explorer.pathOf([plot.pixel(place)])}h0`).join("");
    return d ? explorer.marks.cased(d, "evaluated") : [];
  };

  /* The checkpoint that the slider stands at: a ring around its point. */
  const walker = (plot, found) => {
    const now = explorer.training.of(found.runs);
    if (!now) return [];
    const [cx, cy] = plot.pixel(now.at);
    const ring = (name, style, children) => svg("circle", { cx, cy, r: 9, class: name, style }, children);
    return [ring("walker casing"), ring("walker", `stroke:${now.color}`, [told(now)])];
  };

  explorer.checkpoints = { runs, dots, walker };
})();
