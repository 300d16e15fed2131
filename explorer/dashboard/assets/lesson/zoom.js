/* Zoom: which part of the plane the maps show. A window is a part of the address; the server sweeps it anew. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const FACTOR = 2;
  const MARGIN = 0.08;
  /* Milliseconds without a turn of the wheel that end a gesture. */
  const PAUSE = 150;

  const limits = () => explorer.schema.limits;
  const middle = ([low, high]) => (low + high) / 2;

  /* Ends with the digits that a window of this width can tell apart on a screen, as an address should be short. */
  const digits = (width) => Math.min(15, Math.max(3, 5 - Math.floor(Math.log10(width))));
  const short = (value, width) => Number(value.toFixed(digits(width)));

  /* The range of this width about a center, kept within where a parameter may lie. */
  const about = (center, width) => {
    const [least, most] = limits().width;
    const [low, high] = limits().theta;
    const wide = Math.min(high - low, explorer.clamp(width, [least, most]));
    const start = explorer.clamp(center - wide / 2, [low, high - wide]);
    return [short(start, wide), short(start + wide, wide)];
  };

  const set = (w, b) => {
    const window = [...w, ...b];
    const same = explorer.state.window.length === 4 && window.every((value, i) => value === explorer.state.window[i]);
    if (!same) explorer.act({ window });
  };

  const by = (factor, centers) => {
    const now = explorer.window();
    const [w, b] = ["w", "b"].map((axis, i) => about(centers[i], (now[axis][1] - now[axis][0]) * factor));
    // A width that is at its limit, and only on one axis, would bend the picture.
    if ([w, b].every((each, i) => each[1] - each[0] === now["wb"[i]][1] - now["wb"[i]][0])) return;
    set(w, b);
  };

  /* Show all these points [w, b]: the target set's own window where they lie in it. */
  const fit = (points) => {
    const finite = points.filter((point) => point.every(Number.isFinite));
    const own = explorer.ownWindow();
    if (finite.every(([w, b]) => explorer.isWithin(w, own.w) && explorer.isWithin(b, own.b))) return reset();
    const ends = [0, 1].map((axis) => finite.map((point) => point[axis])).map((each) => [Math.min(...each), Math.max(...each)]);
    const wide = Math.max(...ends.map(([low, high]) => high - low), (own.w[1] - own.w[0]) / 50);
    set(...ends.map((each) => about(middle(each), wide * (1 + 2 * MARGIN))));
  };
  const reset = () => explorer.state.window.length && explorer.act({ window: [] });

  /* Whether the window shown is the one that belongs to the data, as it may be after they were dragged. */
  const isOwn = () => {
    const [now, own] = [explorer.window(), explorer.ownWindow()];
    return ["w", "b"].every((axis) => now[axis].every((end, i) => end === own[axis][i]));
  };

  const buttons = {
    "zoom-in": () => by(1 / FACTOR, explorer.theta()),
    "zoom-out": () => by(FACTOR, [middle(explorer.window().w), middle(explorer.window().b)]),
    "zoom-reset": reset,
  };
  /* A pinch, or the wheel with Ctrl: about the pointer, whose place stays where it is; one window for a whole gesture. */
  let turning = null;
  const turned = (event, place) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    const factor = (turning?.factor ?? 1) * 2 ** (explorer.clamp(event.deltaY, [-100, 100]) / 200);
    clearTimeout(turning?.timer);
    turning = { factor, timer: setTimeout(finished, PAUSE, place, factor) };
  };
  const finished = (at, factor) => {
    turning = null;
    const now = explorer.window();
    by(factor, at.map((value, i) => value + (middle(now["wb"[i]]) - value) * factor));
  };

  const KEYS = { "+": "zoom-in", "=": "zoom-in", "-": "zoom-out", 0: "zoom-reset" };

  explorer.zoom = {
    fit,
    /* `at` says which place of the plane is under a pointer event. */
    listen: (layer, at) => layer.addEventListener("wheel", (event) => turned(event, at(event)), { passive: false }),
    start: () => {
      document.addEventListener("click", (event) => buttons[event.target.closest?.("button")?.id]?.());
    },
    /* A key pressed on a map; true if it was one of these. */
    key: (event) => {
      if (!(event.key in KEYS) || event.ctrlKey || event.metaKey || event.altKey) return false;
      event.preventDefault();
      buttons[KEYS[event.key]]();
      return true;
    },
    render: () => {
      const isOther = explorer.state.window.length > 0 && !isOwn();
      byId("zoom-reset").disabled = !isOther;
      const wide = (axis) => explorer.short(explorer.window()[axis][1] - explorer.window()[axis][0]);
      byId("zoom-says").textContent = isOther ? `Window ${wide("w")} × ${wide("b")}` : "";
    },
  };
})();
