/* Minima: in the window they are drawn, outside it they are told; in words all of them stand below the map. */
(() => {
  const explorer = (window.explorer ??= {});

  /* The minima of a map. */
  const of = (index) => explorer.reply.minima?.[explorer.race.on() ? 0 : index];

  const point = ({ theta: [w, b], loss }) => {
    const window = explorer.window();
    const isInside = explorer.isWithin(w, window.w) && explorer.isWithin(b, window.b);
    const { short } = explorer;
    const where = isInside ? "Minimum θ*" : "Outside the window: a minimum";
    return `${where} at w ${short(w)}, b ${short(b)}, L = ${loss < 1e-15 ? "0" : short(loss)}.`;
  };
  const line = ([p, q, c]) => `A whole line of minima: ${p}·w + ${q}·b = ${c}.`;
  const sentence = (text) => text[0].toUpperCase() + text.slice(1).replace(/\.?$/, ".");

  const words = ({ points, line: ends, note }) => [
    ...points.map(point),
    ...(note ? [sentence(note)] : ends ? [line(ends.map(explorer.short))] : []),
  ];

  const render = () => {
    const { state } = explorer;
    const index = state.view === "compare" ? explorer.study().losses.indexOf(explorer.lossName()) : 0;
    const found = of(Math.max(0, index));
    explorer.byId("places").textContent = found ? words(found).join(" ") : "";
  };

  explorer.minima = { of, render };
})();
