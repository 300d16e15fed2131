/* Marks of /slice: evaluated points; checkpoints and trajectories, dashed where they are far from the plane. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const short = (value) => (value === null ? "unknown" : explorer.short(value));

  const told = ({ name, at, offset, loss, plane_loss: shown }) =>
    svg("title", {}, [`${name} at ${at.map(short).join(", ")}: ${short(offset)} from the plane; its own loss ${short(loss)}, the plane's ${short(shown)}`]);

  /* One run: lines in its own color and pattern, dots where it is far from the plane; a lone one is dashed there. */
  const path = (plot, { path: places, far, color, dash, name: run }, limit) => {
    const points = places.map(({ at }) => [plot.px(at[0]), plot.py(at[1])]);
    const look = run ? { style: `stroke:${color};stroke-dasharray:${dash}` } : {};
    const away = run ? { style: `stroke:${color};stroke-dasharray:0.1 6` } : {};
    const segments = far.flatMap((share, i) => {
      const d = explorer.pathOf(points.slice(i, i + 2));
      const name = share > limit ? "path far" : "path";
      return [svg("path", { d, class: `casing ${name}` }), svg("path", { d, class: name, ...(share > limit ? away : look) })];
    });
    const casings = segments.filter((node) => node.classList.contains("casing"));
    const lines = segments.filter((node) => !node.classList.contains("casing"));
    const ends = points.length > 1 ? [[0, points[0]], [points.length - 1, points.at(-1)]] : [];
    const names = ends.filter(([, [x, y]]) => explorer.marks.inside(plot, x, y, -1)).map(([i, [x, y]]) => {
      // On the side where the path is not.
      const { l, t, w, h } = plot.area;
      const middle = points.reduce((sum, point) => sum + point[1], 0) / points.length;
      const below = middle < y ? y + 24 < t + h : y - 24 < t;
      const right = x > l + 0.7 * w;
      return svg("text", { x: x + (right ? -8 : 8), y: y + (below ? 20 : -10), class: "mark-label", "text-anchor": right ? "end" : "start" }, [explorer.brief(places[i].name)]);
    });
    // Where runs have names these stand beside the map, and at the start they would lie upon each other.
    return [...casings, ...lines, ...(run ? [] : names), ...points.map(([cx, cy], i) => svg("circle", { cx, cy, r: run ? 2.6 : 3.5, class: "path-dot", ...(run ? { style: `fill:${color}` } : {}) }, [told(places[i])]))];
  };

  const named = (plot, { points }) => points.flatMap((each) => {
    const [x, y] = [plot.px(each.at[0]), plot.py(each.at[1])];
    if (!explorer.marks.inside(plot, x, y, -1)) return [];
    const d = `M${x},${y - 8}L${x + 8},${y}L${x},${y + 8}L${x - 8},${y}Z`;
    return [svg("path", { d, class: "minimum checkpoint" }, [told(each)]),
      svg("text", { x: x + 11, y: y + 5, class: "mark-label" }, [`${each.name} (${short(each.offset)} off)`])];
  });

  /* One path for all, however many: lines without length, whose round ends are the dots. */
  explorer.dots = (plot, side) => {
    const d = explorer.evaluatedAt(side).map(([x, y]) => `M${plot.px(x).toFixed(1)},${plot.py(y).toFixed(1)}h0`).join("");
    return d ? [svg("path", { d, class: "casing evaluated" }), svg("path", { d, class: "evaluated" })] : [];
  };

  explorer.checkpoints = (plot, found) => [...found.runs.flatMap((run) => path(plot, run, found.limit)), ...named(plot, found)];

  /* The checkpoint that the slider stands at: a ring around its point. */
  explorer.walker = (plot, found) => {
    const now = explorer.training.of(found.runs);
    if (!now) return [];
    const [cx, cy] = [plot.px(now.at[0]), plot.py(now.at[1])];
    return [svg("circle", { cx, cy, r: 9, class: "walker casing" }), svg("circle", { cx, cy, r: 9, class: "walker", style: `stroke:${now.color}` }, [told(now)])];
  };
})();
