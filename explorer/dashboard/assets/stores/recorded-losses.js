/* Losses of /slice: those of a trajectory's checkpoints beside the plane's where they are drawn, along training. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const [WIDE, HIGH] = [420, 120];
  const AREA = { l: 62, r: 8, t: 8, b: 22 };

  /* Logarithmic where every loss is above 0. */
  const scaleOf = (values) => {
    const log = Math.min(...values) > 0;
    const up = (value) => (log ? Math.log10(value) : value);
    const [low, high] = [up(Math.min(...values)), up(Math.max(...values))];
    const share = (value) => (high > low ? (up(value) - low) / (high - low) : 0.5);
    return (value) => AREA.t + (1 - share(value)) * (HIGH - AREA.t - AREA.b);
  };

  const line = (points, px, py, name) => {
    const known = points.filter(([, value]) => value !== null);
    return svg("path", { d: explorer.pathOf(known.map(([step, value]) => [px(step), py(value)])), class: name });
  };

  const label = (x, y, text, anchor) => svg("text", { x, y, "text-anchor": anchor }, [text]);

  /* Draw into a box: own losses solid, the plane's dashed, the checkpoint that is looked at between them. */
  explorer.losses = (box, { path }, index) => {
    const own = path.map(({ step, loss }) => [step, loss]);
    const shown = path.map(({ step, plane_loss: loss }) => [step, loss]);
    const values = [...own, ...shown].map(([, value]) => value).filter((value) => value !== null);
    box.hidden = path.length < 2 || !values.length;
    if (box.hidden) return;
    const [first, last] = [path[0].step, path.at(-1).step];
    const px = (step) => AREA.l + ((step - first) / (last - first || 1)) * (WIDE - AREA.l - AREA.r);
    const py = scaleOf(values);
    const [low, high] = [Math.min(...values), Math.max(...values)];
    const here = [own, shown].map((points) => points[index]).filter(([, value]) => value !== null);
    box.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDE} ${HIGH}`, role: "img", "aria-label": "Own loss, solid, and the plane's loss, dashed, against the step" }, [
      svg("path", { d: `M${px(path[index].step)},${AREA.t}V${HIGH - AREA.b}`, class: "here" }),
      line(shown, px, py, "shown"), line(own, px, py, "own"),
      ...here.map(([step, value], i) => svg("circle", { cx: px(step), cy: py(value), r: 4, class: i ? "shown" : "own" })),
      label(AREA.l - 6, AREA.t + 8, explorer.short(high), "end"), label(AREA.l - 6, HIGH - AREA.b, explorer.short(low), "end"),
      label(AREA.l, HIGH - 5, `step ${first}`, "start"), label(WIDE - AREA.r, HIGH - 5, `step ${last}`, "end"),
      label((AREA.l + WIDE) / 2, HIGH - 5, "own loss solid, the plane's dashed", "middle"),
    ]));
  };
})();
