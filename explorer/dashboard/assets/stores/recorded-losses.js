/* Losses of /slice: those of a trajectory's checkpoints beside the plane's where they are drawn, along training. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const [WIDTH, HEIGHT] = [420, 120];
  const PAD = { l: 62, r: 8, t: 8, b: 22 };
  const LABEL = "Own loss, solid, and the plane's loss, dashed, against the step";

  const labels = ({ area: { l, t, w, h } }, [low, high], [first, last]) => [
    explorer.text(l - 6, t + 8, explorer.short(high), "end"), explorer.text(l - 6, t + h, explorer.short(low), "end"),
    explorer.text(l, HEIGHT - 5, `step ${first}`, "start"), explorer.text(l + w, HEIGHT - 5, `step ${last}`, "end"),
    explorer.text((l + WIDTH) / 2, HEIGHT - 5, "own loss solid, the plane's dashed", "middle"),
  ];

  /* Draw into a box: own losses solid, the plane's dashed, the checkpoint that is looked at between them. */
  const draw = (box, { path }, index) => {
    const isKnown = ([, loss]) => loss !== null;
    const lines = [path.map(({ step, loss }) => [step, loss]), path.map(({ step, plane_loss: loss }) => [step, loss])];
    const [own, shown] = lines.map((points) => points.filter(isKnown));
    const values = [...own, ...shown].map(([, loss]) => loss);
    box.hidden = path.length < 2 || !values.length;
    if (box.hidden) return;
    const x = [path[0].step, path.at(-1).step];
    const y = [Math.min(...values), Math.max(...values)];
    // Logarithmic where every loss is above 0.
    const chart = new explorer.LineChart({ width: WIDTH, height: HEIGHT, pad: PAD, x, y, log: y[0] > 0 });
    const here = lines.map((points) => points[index]).map((point, i) => isKnown(point) && chart.dot(point, 4, i ? "shown" : "own"));
    box.replaceChildren(svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": LABEL }, [
      chart.upright(path[index].step, "here"), chart.line(shown, "shown"), chart.line(own, "own"),
      ...here.filter(Boolean), ...labels(chart, y, x),
    ]));
  };

  explorer.recordedLosses = { draw };
})();
