/* Address: what a page shows is its address. Every change is one act(), every finished change an entry of the history. */
(() => {
  const explorer = (window.explorer ??= {});

  /* A value as it stands in an address: names by commas, numbers by _, and pairs of numbers by ~. */
  const written = (value) => {
    if (!Array.isArray(value)) return String(value);
    if (Array.isArray(value[0])) return value.map((pair) => pair.join("_")).join("~");
    return value.join(typeof value[0] === "number" ? "_" : ",") || "none";
  };

  /* The address of a state, without "?": only what differs from the defaults (the same as State.query in Python). */
  explorer.query = (state, without = []) => {
    const { defaults } = explorer.schema;
    const always = explorer.page.always?.(state) ?? [];
    const isTold = (key) => always.includes(key) || written(state[key]) !== written(defaults[key]);
    return Object.keys(defaults)
      .filter((key) => !without.includes(key) && isTold(key))
      .map((key) => `${key}=${encodeURIComponent(written(state[key])).replaceAll("%2C", ",").replaceAll("%40", "@")}`)
      .join("&");
  };

  /* The coordinates of the point. */
  explorer.theta = () => explorer.page.coordinates.map((key) => explorer.state[key]);
  /* The change of state that puts the point there. */
  explorer.placed = (point) => Object.fromEntries(point.map((value, axis) => [explorer.page.coordinates[axis], value]));

  /* Change the state. history: "push" (a new entry for Back), "replace", or "live" (a frame of a gesture: the address
     stays). What else the change means is the page's to say; `more` is for it. */
  explorer.act = (patch, history = "push", ...more) => {
    const before = explorer.state;
    explorer.state = { ...before, ...patch };
    explorer.page.changed(before, patch, ...more);
    const isMove = history === "live" && Object.keys(patch).every((key) => explorer.page.moving.includes(key));
    explorer.render(isMove);
    if (history !== "live") commit(history);
    else explorer.page.follow?.(patch);
  };

  const commit = (history) => {
    explorer.note([]);
    const query = explorer.query(explorer.state);
    if (query !== location.search.slice(1)) window.history[`${history}State`]({}, "", query ? `?${query}` : location.pathname);
    explorer.ask();
  };

  /* The address is read by the server, by the same rules on opening and on Back and Forward. */
  explorer.reopen = () => explorer.send("address", { query: location.search });
  window.addEventListener("popstate", () => explorer.reopen());
})();
