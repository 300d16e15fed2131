/* State: what the page shows. The address is the state; every change is one act(), every finished change a commit. */
(() => {
  const explorer = (window.explorer ??= {});
  const lists = { layers: 1, hide: 1, mode: 1, opt: 1 };

  const write = (key, value) => {
    if (key === "window") return value.join("_") || "none";
    if (key === "points") return value.map(([x, y]) => `${x}_${y}`).join("~");
    return lists[key] ? value.join(",") || "none" : String(value);
  };

  /* The address of a state, without "?": only what differs from the defaults (the same as State.query in Python). */
  explorer.query = (state, without = []) => {
    const { defaults } = explorer.schema;
    // Without target and loss an activity stands for the scene that it sets; with them the address rules.
    const always = state.activity ? ["target", "loss"] : [];
    return Object.keys(defaults)
      .filter((key) => !without.includes(key) && (always.includes(key) || write(key, state[key]) !== write(key, defaults[key])))
      .map((key) => `${key}=${encodeURIComponent(write(key, state[key])).replaceAll("%2C", ",").replaceAll("%40", "@")}`)
      .join("&");
  };

  explorer.study = () => explorer.schema.studies[explorer.state.study];
  explorer.lossName = (loss = explorer.state.loss) => explorer.study().hidden[loss] ?? loss;
  explorer.lossHidden = () => explorer.state.loss in explorer.study().hidden;
  explorer.lossTitle = (loss = explorer.state.loss) =>
    loss in explorer.study().hidden ? "hidden" : (explorer.schema.names[loss] ?? loss);
  explorer.theta = () => [explorer.state.w, explorer.state.b];

  /* The data points {x, y}: the learner's own, the target set's, or a study's collocation points. */
  explorer.data = () => {
    const { state } = explorer;
    const study = explorer.study();
    if (study.terms.length) {
      const n = study.facts.collocation_points;
      return { x: Array.from({ length: n }, (_, i) => i / (n - 1)), y: [] };
    }
    if (state.target === "own") return { x: state.points.map((p) => p[0]), y: state.points.map((p) => p[1]) };
    return study.targets[state.target];
  };

  explorer.window = () => {
    const [wl, wh, bl, bh] = explorer.state.window;
    return wh === undefined ? explorer.ownWindow() : { w: [wl, wh], b: [bl, bh] };
  };
  /* The window that belongs to the target set, whatever part of the plane is looked at. */
  explorer.ownWindow = () => {
    const { state, reply } = explorer;
    const study = explorer.study();
    if (study.terms.length) return study.window;
    if (state.target !== "own") return study.targets[state.target].window;
    // Only the server knows the window that fits the learner's own points; until it answers the last one stands.
    return reply.ownWindow ?? { w: [-4, 4], b: [-4, 4] };
  };

  const PATIENCE = 10_000;
  /* What concerns optimizers' paths alone: neither the map nor the numbers at the point change with it. */
  const DESCENT = ["opt", "steps", "batch", "seed", "schedule", "at", "basin", "show", "across"];
  const SCENE = ["w", "b", "hide", "mode", "lr", "layers", "weight", "activity", ...DESCENT];
  explorer.pointQuery = () => explorer.query(explorer.state, [...DESCENT, "window"]);
  // A race and basins are about the same map.
  const sceneState = () => (["race", "basins"].includes(explorer.state.view) ? { ...explorer.state, view: "map" } : explorer.state);

  /* Change the state. history: "push" (a new entry for Back), "replace", or "live" (a frame of a gesture: nothing
     sent). Placing the point begins a new path there; a step (walked) goes on with the old one. */
  explorer.act = (patch, history = "push", walked = false) => {
    const before = explorer.state;
    explorer.state = { ...before, ...patch };
    if (before.target === "own") explorer.ownPoints = before.points;
    if (explorer.state.target !== "own") explorer.state.points = [];
    // An exercise belongs to its study.
    if (patch.study && patch.study !== before.study && !patch.activity) explorer.state.activity = "";
    if (("w" in patch || "b" in patch) && !walked) begin();
    if (!walked) explorer.step.forget();
    // Another problem has another window.
    if ((patch.target || patch.study) && !patch.window) explorer.state.window = [];
    if (patch.target || patch.study) keepInside();
    const moves = history === "live" && Object.keys(patch).every((key) => key === "w" || key === "b");
    explorer.render(moves);
    if (history !== "live") commit(history);
    else if (patch.points) follow();
  };

  /* While a data point is dragged the landscape follows, coarse, one request at a time. */
  const follow = () => {
    if (explorer.asked.scene !== explorer.reply.map?.query) return;
    const coarse = explorer.query({ ...sceneState(), n: Math.min(explorer.state.n, 65) }, SCENE);
    explorer.asked.scene = coarse;
    send("scene", { query: coarse });
  };

  const begin = () => {
    explorer.start = explorer.theta();
    explorer.path = [];
  };

  const keepInside = () => {
    const { w, b } = explorer.window();
    const clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));
    const { state } = explorer;
    [state.w, state.b] = [clamp(state.w, w), clamp(state.b, b)];
    begin();
  };

  const send = (store, data) => dash_clientside.set_props(store, { data });

  const commit = (history) => {
    explorer.note([]);
    const query = explorer.query(explorer.state);
    const address = query ? `?${query}` : location.pathname;
    if (query !== location.search.slice(1)) window.history[`${history}State`]({}, "", address);
    explorer.ask(query);
  };

  /* Ask the server for whatever the present state still lacks. */
  explorer.ask = (query) => {
    const { state, asked } = explorer;
    const once = (store, key, wanted = true) => {
      if (!wanted || asked[store] === key) return;
      asked[store] = key;
      send(store, { query: key });
      setTimeout(unanswered, PATIENCE, store, key);
    };
    const scene = explorer.query(sceneState(), SCENE);
    once("scene", scene);
    // The first path is for the eye: it goes before the numbers.
    explorer.paths.ask(1);
    once("commit", explorer.pointQuery());
    explorer.basins.ask();
    explorer.paths.ask();
    once("surface-query", `${scene}&w=${state.w}&b=${state.b}&weight=${state.weight}&mode=${document.documentElement.dataset.theme ?? "light"}`, state.view === "3d");
    if (explorer.study().terms.length) once("weight-query", `${scene}&weight=${state.weight}`);
    explorer.activity?.visited(query);
  };

  /* A question without an answer is told, and may be asked again. */
  const unanswered = (store, key) => {
    const reply = { commit: explorer.reply.point, scene: explorer.reply.map }[store];
    if (!(store === "commit" || store === "scene") || explorer.asked[store] !== key || reply?.query === key) return;
    delete explorer.asked[store];
    explorer.note(["The server does not answer. What you see is the last it said, or the browser's preview; any change asks it again."]);
  };

  explorer.send = send;
  explorer.asked = {};
  explorer.reply = {};
})();
