/* Questions of the lesson: which part of the state each answer depends on, and in which order they are asked. */
(() => {
  const explorer = (window.explorer ??= {});
  /* What concerns optimizers' paths alone: neither the map nor the numbers at the point change with it. */
  const DESCENT = ["opt", "steps", "batch", "seed", "schedule", "at", "basin", "show", "across"];
  const SCENE = ["w", "b", "hide", "mode", "lr", "layers", "weight", "activity", ...DESCENT];
  /* Points a side of the map that follows a dragged data point. */
  const COARSE = 65;

  /* The numbers at the point. */
  const point = () => explorer.query(explorer.state, [...DESCENT, "window"]);

  /* The map; a race and basins are about the same one. */
  const scene = (more = {}) => {
    const { view } = explorer.state;
    const drawn = ["race", "basins"].includes(view) ? "map" : view;
    return explorer.query({ ...explorer.state, view: drawn, ...more }, SCENE);
  };

  const ask = (query) => {
    const { state, once } = explorer;
    once("scene", scene());
    // The first path is for the eye: it goes before the numbers.
    explorer.paths.ask(1);
    once("commit", point());
    explorer.basins.ask();
    explorer.paths.ask();
    const theme = document.documentElement.dataset.theme ?? "light";
    const solid = `${scene()}&w=${state.w}&b=${state.b}&weight=${state.weight}&mode=${theme}`;
    if (state.view === "3d") once("surface-query", solid);
    if (explorer.study().terms.length) once("weight-query", `${scene()}&weight=${state.weight}`);
    explorer.activity.visited(query);
  };

  /* While a data point is dragged the landscape follows, coarse, one request at a time. */
  const follow = (patch) => {
    if (!patch.points || explorer.asked.scene !== explorer.reply.map?.query) return;
    explorer.once("scene", scene({ n: Math.min(explorer.state.n, COARSE) }));
  };

  explorer.questions = { point, ask, follow };
})();
