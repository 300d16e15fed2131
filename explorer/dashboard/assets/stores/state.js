/* State of /slice: the address is the state; every change is one act(), every finished change a commit. */
(() => {
  const explorer = (window.explorer ??= {});
  const lists = ["layers", "hide", "mode"];
  const write = (key, value) => (lists.includes(key) ? value.join(",") || "none" : String(value));

  /* The shared marks know the point as (w, b): here w is the first coordinate, by another name. */
  const mirrored = (state) => Object.defineProperty({ ...state }, "w", { get() { return this.a; }, enumerable: false });
  explorer.take = (state) => (explorer.state = mirrored(state));

  /* The address of a state, without "?": only what differs from the defaults (the same as State.query in Python). */
  explorer.query = (state, without = []) => {
    const { defaults } = explorer.schema;
    return Object.keys(defaults)
      .filter((key) => !without.includes(key) && write(key, state[key]) !== write(key, defaults[key]))
      .map((key) => `${key}=${encodeURIComponent(write(key, state[key])).replaceAll("%2C", ",")}`)
      .join("&");
  };

  const PATIENCE = 20_000;
  /* What changes the drawing is everything but these; what changes the numbers at the point everything but VIEW. */
  const SCENE = ["a", "b", "run", "at", "hide", "mode", "layers", "view"];
  const VIEW = ["run", "at", "hide", "mode", "layers", "view", "scale", "quantity"];
  explorer.scene = () => explorer.query(explorer.state, SCENE);
  explorer.place = () => explorer.query(explorer.state, VIEW);
  explorer.theta = () => [explorer.state.a, explorer.state.b];
  explorer.stale = () => explorer.reply.point?.asked !== explorer.place();

  /* Change the state. history: "push" (a new entry for Back), "replace", or "live" (a frame of a gesture). */
  explorer.act = (patch, history = "push") => {
    explorer.take({ ...explorer.state, ...patch });
    explorer.render(history === "live");
    if (history !== "live") commit(history);
  };

  const commit = (history) => {
    explorer.note((explorer.opening = []));
    const query = explorer.query(explorer.state);
    const address = query ? `?${query}` : location.pathname;
    if (query !== location.search.slice(1)) window.history[`${history}State`]({}, "", address);
    explorer.ask();
  };

  const send = (explorer.send = (store, data) => dash_clientside.set_props(store, { data }));

  /* Ask the server for whatever the present state still lacks. */
  explorer.ask = () => {
    const { state, asked, answered } = explorer;
    // The same question has another answer when a store has grown.
    const once = (store, query) => {
      const key = `${query}|${explorer.grown}`;
      if (asked[store] === key) return;
      asked[store] = key;
      answered[store] = false;
      send(store, { query, at: Date.now() });
      setTimeout(unanswered, PATIENCE, store, key);
    };
    once("list-query", state.store && `store=${state.store}`);
    if (!state.store) return;
    once("scene", explorer.scene());
    once("commit", explorer.place());
    once("about-query", explorer.query({ ...explorer.schema.defaults, store: state.store }));
    const { theme, projector } = document.documentElement.dataset;
    const mode = [...(theme === "dark" ? ["dark"] : []), ...(projector === "on" ? ["projector"] : [])];
    const layers = explorer.schema.defaults.layers.filter((each) => each !== "checkpoints" || state.layers.includes(each));
    const solid = explorer.query({ ...state, mode, view: "map", layers, hide: [], with: "" }, ["run", "at"]);
    if (state.view === "3d") once("surface-query", solid);
  };

  /* A question without an answer is told, and may be asked again. */
  const unanswered = (store, key) => {
    if (!(store === "commit" || store === "scene") || explorer.asked[store] !== key || explorer.answered[store]) return;
    delete explorer.asked[store];
    explorer.note(["The server does not answer. What you see is the last it said; any change asks it again."]);
  };

  explorer.grown = "";
  /* What the address said that could not be taken; told until the reader changes something. */
  explorer.opening = [];
  explorer.asked = {};
  explorer.answered = {};
  explorer.reply = {};
})();
