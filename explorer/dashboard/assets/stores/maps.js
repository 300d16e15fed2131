/* Maps of /slice: one store or two on one scale, and how the pointer and the keys move the point on them. */
(() => {
  const explorer = (window.explorer ??= {});
  /* Pixels of a tick's label for which the margin has room beside the title; wider ones get more of it. */
  const TICKS = 30;
  /* What is not told apart from equal lengths. */
  const LIKE = 0.005;
  const STATUS = "0 not computed, 1 evaluated, 2 interpolated, 3 failed";

  /* Smoothed colors would fade into holes, between stand-ins and between kinds, where there is nothing between. */
  const isSharp = ({ measured, scale }) => measured < 1 || scale.holes > 0 || explorer.state.quantity === "status";

  const widen = (plot) => {
    const widths = [...plot.gd.querySelectorAll(".ytick text")].map((node) => node.getBoundingClientRect().width);
    const more = Math.max(0, Math.max(0, ...widths) - TICKS);
    if (more) plot.widen(more);
  };

  const sideOf = (map) => explorer.reply.scene.sides[map.index];

  /* How long the directions are in θ, and the map's scale that follows. */
  const lengths = ({ gram }) => (gram ? [0, 1].map((i) => Math.sqrt(gram[i][i])) : [1, 1]);
  const scaleOf = (side) => explorer.unitsAlike(lengths(side), side.window);

  /* What is to be said of the scales of a map's axes: nothing where a unit of both is as long, in θ and on the screen. */
  const scales = (side) => {
    const [first, second] = lengths(side);
    const [one, other] = side.axes.map(explorer.names.brief);
    const ratio = explorer.short(second / first);
    const isLike = Math.abs(second / first - 1) < LIKE;
    if (scaleOf(side) === null) {
      const times = isLike ? "as long as" : `${ratio} times as long as`;
      return `In θ one unit of ${other} is ${times} one of ${one}; the axes are stretched to fill the map, so angles are not true.`;
    }
    return isLike ? "" : `One unit of ${other} is ${ratio} times as long in θ as one of ${one}, and so it is drawn.`;
  };

  const show = (map, data) => {
    const { plot, box } = map;
    const legend = box.querySelector(".legend");
    const drawn = explorer.reply.scene?.decoded ?? [];
    map.fixed = null;
    map.linked = data && String(data.labels) === String(drawn[0].labels);
    if (!data) return map.show(null);
    const [x, y] = [data.x, data.y].map((points) => [points[0], points.at(-1)]);
    const [xTitle, yTitle] = data.labels.map(explorer.names.title);
    const zsmooth = isSharp(data) ? false : "fast";
    map.show(data, { x: data.x, y: data.y }, { x, y, xTitle, yTitle, scale: scaleOf(sideOf(map)) }, { zsmooth });
    if (!explorer.isProjected()) widen(plot);
    // Plotly makes the cells of an unsmoothed map sharp, and leaves them so when it is smoothed again.
    for (const image of plot.gd.querySelectorAll("image")) image.style.imageRendering = zsmooth ? "auto" : "pixelated";
    box.querySelector(".map-title").textContent = data.name;
    const { quantity } = explorer.state;
    explorer.colors.legend(legend, data.scale, quantity === "status" ? STATUS : explorer.colors.clipped(quantity, data.scale));
    box.classList.toggle("interpolated", Boolean(sideOf(map).evaluated));
  };

  const draw = (map) => {
    const { plot, linked, shown: { contours, checkpoints } } = map;
    const { layers } = explorer.state;
    const drawn = JSON.stringify([plot.area, layers, plot.ranges]);
    // What does not move with the point is drawn once for a scene and size.
    if (drawn !== map.fixed) {
      map.fixed = drawn;
      plot.put("contours", layers.includes("contours") ? explorer.marks.contours(plot, contours) : []);
      plot.put("points", layers.includes("points") ? explorer.checkpoints.dots(plot, sideOf(map)) : []);
      plot.put("checkpoints", layers.includes("checkpoints") ? explorer.checkpoints.runs(plot, checkpoints) : []);
    }
    const here = linked && layers.includes("arrow") ? explorer.point.numbers(map.index) : null;
    plot.put("arrows", here?.coordinates ? explorer.marks.gradient(plot, explorer.theta(), explorer.marks.inPlane(here)) : []);
    plot.put("walker", layers.includes("checkpoints") ? explorer.checkpoints.walker(plot, checkpoints) : []);
    plot.put("handle", linked ? explorer.marks.handle(plot, explorer.theta()) : [], false);
  };

  /* How the grid point nearest to a place came to its value, where some were interpolated. */
  const suffix = (map, at) => {
    const { sizes, window: ends } = sideOf(map);
    const { quantity } = explorer.state;
    const snapped = at.map((value, axis) => {
      const [[low, high], last] = [ends[axis], sizes[axis] - 1];
      return low + (Math.round(((value - low) / (high - low)) * last) / last) * (high - low);
    });
    const standing = quantity === "status" ? "" : explorer.standing(sideOf(map), snapped);
    return standing && ` (${standing === "interpolated" && quantity !== "loss" ? "nearest evaluated" : standing})`;
  };

  const keys = (event, { plot }) => {
    const to = explorer.keys.moved(event, explorer.theta(), [plot.ranges.x, plot.ranges.y]);
    if (to) explorer.act(explorer.placed(to), "replace");
  };

  const made = (id, index) => {
    const map = new explorer.PlaneMap(id, document.querySelector(`[data-map="${id}"]`), {
      index, draw, keys,
      grip: () => map.linked && "point",
      move: ([a, b], history) => {
        const { x, y } = map.plot.ranges;
        explorer.act({ a: explorer.tidy(a, x), b: explorer.tidy(b, y) }, history);
      },
      suffix: (at) => suffix(map, at),
    });
    map.plot.blank();
    return map;
  };

  let maps = [];
  explorer.maps = {
    start: () => (maps = ["landscape", "map-1"].map(made)),
    show: () => {
      const drawn = explorer.reply.scene?.decoded ?? [];
      explorer.byId("maps").dataset.count = drawn.length;
      maps.forEach((map, i) => show(map, drawn[i]));
    },
    marks: () => maps.forEach((map) => map.plot.marks()),
    scales: () => [...new Set(explorer.reply.scene.sides.map(scales))].filter(Boolean).join(" "),
  };
})();
