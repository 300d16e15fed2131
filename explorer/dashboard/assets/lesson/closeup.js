/* Close-up: where θ* of every loss went, on axes just wide enough: a move that matters may be a few pixels of a map. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const PAD = { l: 54, r: 12, t: 8, b: 34 };
  const LEAST = 0.02;
  const TICKS = 5;

  /* Every place that decides the axes: of a minimum that jumped only where it was. */
  const places = (moves, trails) => [
    ...Object.values(trails).flat(2),
    ...moves.flatMap(({ outcome, before, after, predicted }) => {
      const near = predicted && after && outcome === "moved" && away(before, predicted) <= 3 * away(before, after);
      return [before, outcome === "moved" && after, near && predicted].filter(Boolean);
    }),
  ];
  const away = (one, other) => Math.hypot(other[0] - one[0], other[1] - one[1]);

  /* Ranges that hold the places, with room around them, one unit as long on both axes so that ways are true. */
  const fitted = (shown, width, height) => {
    const ends = [0, 1].map((k) => [Math.min(...shown.map((place) => place[k])), Math.max(...shown.map((place) => place[k]))]);
    const unit = Math.max(...ends.map(([low, high], k) => Math.max((high - low) * 1.35, LEAST) / [width, height][k]));
    return ends.map(([low, high], k) => [-1, 1].map((side) => (low + high) / 2 + (side * unit * [width, height][k]) / 2));
  };

  const ticks = ([low, high]) => {
    const raw = (high - low) / TICKS;
    const step = [1, 2, 5, 10].map((m) => m * 10 ** Math.floor(Math.log10(raw))).find((each) => each >= raw);
    const first = Math.ceil(low / step);
    return Array.from({ length: Math.floor(high / step) - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(10)));
  };

  const axes = (px, py, [across, up], box) => {
    const { l, t, w, h } = box;
    const text = (x, y, name, said) => svg("text", { x, y, class: `tick ${name}` }, [said]);
    return [
      svg("rect", { x: l, y: t, width: w, height: h, class: "frame" }),
      ...ticks(across).flatMap((value) => [svg("path", { d: `M${px(value)},${t}v${h}`, class: "grid" }), text(px(value), t + h + 15, "across", explorer.short(value))]),
      ...ticks(up).flatMap((value) => [svg("path", { d: `M${l},${py(value)}h${w}`, class: "grid" }), text(l - 6, py(value) + 4, "up", explorer.short(value))]),
      text(l + w, t + h + 30, "up", "weight w"), text(l + 6, t + 14, "", "bias b"),
    ];
  };

  const head = (x, y, dx, dy) => {
    const length = Math.hypot(dx, dy);
    if (length < 1) return "";
    const [ux, uy] = [(dx / length) * 8, (dy / length) * 8];
    return `M${x + dx - ux - uy * 0.6},${y + dy - uy + ux * 0.6}L${x + dx},${y + dy}L${x + dx - ux + uy * 0.6},${y + dy - uy - ux * 0.6}`;
  };

  /* A name beside its disc, on the side where there is room, below a name that is already there. */
  const name = (x, y, loss, right, named) => {
    const wide = 9 * explorer.lossTitle(loss).length;
    const side = x + 9 + wide > right ? -1 : 1;
    const free = (top) => named.every(([u, v]) => Math.abs(u - x) > wide || Math.abs(v - top) > 13);
    const top = [y - 7, y + 18, y - 22].find(free) ?? y - 7;
    named.push([x, top]);
    return svg("text", { x: x + 9 * side, y: top, class: `ell-label ${loss}${side < 0 ? " up" : ""}` }, [explorer.lossTitle(loss)]);
  };

  const marks = (at, { loss, before, after, predicted }, lines, right, named) => {
    const drawn = lines.filter((line) => line.length > 1).map((line) => svg("path", { d: explorer.pathOf(line.map(at)), class: `ell ${loss}` }));
    if (!before) return drawn;
    const [x, y] = at(before);
    if (predicted) {
      const [dx, dy] = [at(predicted)[0] - x, at(predicted)[1] - y];
      drawn.push(svg("path", { d: `M${x},${y}l${dx},${dy}${head(x, y, dx, dy)}`, class: `predicted ${loss}`, "data-theta": predicted.join(",") }));
    }
    drawn.push(svg("circle", { cx: x, cy: y, r: 5, class: `ring ${loss}` }));
    if (!after) return drawn;
    const [cx, cy] = at(after);
    return [...drawn, svg("circle", { cx, cy, r: 4.5, class: `disc ${loss}` }), name(cx, cy, loss, right, named)];
  };

  const draw = (holder, moves, trails) => {
    const [width, height] = [holder.clientWidth, holder.clientHeight];
    const shown = places(moves, trails);
    if (!width || !shown.length) return holder.replaceChildren();
    const box = { l: PAD.l, t: PAD.t, w: width - PAD.l - PAD.r, h: height - PAD.t - PAD.b };
    const ranges = fitted(shown, box.w, box.h);
    const px = (w) => box.l + ((w - ranges[0][0]) / (ranges[0][1] - ranges[0][0])) * box.w;
    const py = (b) => box.t + ((ranges[1][1] - b) / (ranges[1][1] - ranges[1][0])) * box.h;
    const at = ([w, b]) => [px(w), py(b)];
    const clip = svg("clipPath", { id: "clip-closeup" }, [svg("rect", { x: box.l, y: box.t, width: box.w, height: box.h })]);
    const named = [];
    const inner = svg("g", { "clip-path": "url(#clip-closeup)" }, moves.flatMap((move) => marks(at, move, trails[move.loss] ?? [], box.l + box.w, named)));
    const label = "Close-up of the plane: of every loss a ring where θ* was, a disc where it is, its trail, and an arrow to where it was predicted.";
    holder.replaceChildren(svg("svg", { width, height, role: "img", "aria-label": label }, [clip, ...axes(px, py, ranges, box), inner]));
  };

  explorer.closeup = { draw };
})();
