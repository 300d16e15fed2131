/* Questions of /slice: which part of the state each answer depends on, and in which order they are asked. */
(() => {
  const explorer = (window.explorer ??= {});
  /* What changes the drawing is everything but these; what changes the numbers at the point everything but VIEW. */
  const SCENE = ["a", "b", "run", "at", "hide", "mode", "layers", "view"];
  const VIEW = ["run", "at", "hide", "mode", "layers", "view", "scale", "quantity"];

  explorer.scene = () => explorer.query(explorer.state, SCENE);
  const place = () => explorer.query(explorer.state, VIEW);

  /* The figure in three dimensions: in the colors and size of the page, with the layers that it has. */
  const solid = () => {
    const { state, schema: { defaults } } = explorer;
    const { theme, projector } = document.documentElement.dataset;
    const mode = [...(theme === "dark" ? ["dark"] : []), ...(projector === "on" ? ["projector"] : [])];
    const layers = defaults.layers.filter((name) => name !== "checkpoints" || state.layers.includes(name));
    return explorer.query({ ...state, mode, view: "map", layers, hide: [], with: "" }, ["run", "at"]);
  };

  const ask = () => {
    const { state } = explorer;
    // The same question has another answer when a store has grown.
    const once = (question, query) => explorer.once(question, query, `${query}|${explorer.grown}`);
    once("list-query", state.store && `store=${state.store}`);
    if (!state.store) return;
    once("scene", explorer.scene());
    once("commit", place());
    once("about-query", explorer.query({ ...explorer.schema.defaults, store: state.store }));
    if (state.view === "3d") once("surface-query", solid());
  };

  /* What was said last of how far the stores are. */
  explorer.grown = "";
  explorer.questions = { place, ask };
})();
