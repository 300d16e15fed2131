/* Paths: which optimizers walk from the point, torch's answer for each, and their lines on the maps. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  // A path does not depend on these; neither a new request nor a new drawing follows from them.
  const APART = ["n", "view", "layers", "hide", "mode", "at", "activity", "window", "basin", "show", "across"];
  const KEPT = 64;
  // One is walked while the other is on its way; more would only keep the server from short answers.
  const AT_ONCE = 2;
  /* Colour and dash pattern, one pair for each of the at most eight paths; an optimizer keeps its own where it can. */
  const STYLES = ["gd", "momentum", "nesterov", "rmsprop", "adagrad", "adam", "adamw", "lbfgs"];
  const replies = new Map();
  /* Key -> what stops the asking for it. */
  const asked = new Map();
  let reasons = null;

  const styled = (names) => {
    const taken = new Set();
    return names.map((name) => {
      const own = STYLES.indexOf(name);
      const style = own >= 0 && !taken.has(own) ? own : STYLES.findIndex((other, i) => !taken.has(i) && !names.includes(other));
      const free = style >= 0 ? style : STYLES.findIndex((_, i) => !taken.has(i));
      taken.add(free);
      return free;
    });
  };

  /* The paths that the state asks for, in its order; `reply` only where torch's answer for exactly this is there. */
  const list = () => {
    const { state } = explorer;
    const { optimizers } = explorer.study();
    const split = state.opt.map((item) => item.split("@"));
    const styles = styled(split.map(([name]) => name));
    return split.map(([name, rate], i) => {
      const own = rate !== undefined;
      const lr = own ? Number(rate) : state.lr;
      const alone = { ...state, opt: [state.opt[i]], lr: own ? explorer.schema.defaults.lr : lr, activity: "" };
      const key = explorer.query(alone, APART);
      return { item: state.opt[i], name, own, lr, title: optimizers[name], style: styles[i], key, reply: replies.get(key) };
    });
  };

  /* One request a path, few on their way at once: what is wanted by then is asked when one has come back. */
  const ask = (most = Infinity) => {
    const wanted = explorer.state.hide.includes("descent") ? [] : list();
    if (wanted.every(({ reply }) => reply)) askWhy();
    // The server gives up what nobody waits for.
    for (const [key, asking] of asked) {
      if (wanted.some((path) => path.key === key)) continue;
      asked.delete(key);
      asking.abort();
    }
    for (const { key, reply } of wanted.slice(0, most)) {
      if (!reply && !asked.has(key) && asked.size < AT_ONCE) load(key);
    }
  };

  const load = async (key) => {
    const asking = new AbortController();
    asked.set(key, asking);
    try {
      const reply = await fetch(`/path?${key}`, { signal: asking.signal });
      if (!reply.ok) throw new Error(reply.status);
      replies.set(key, await reply.json());
    } catch (error) {
      if (asking.signal.aborted) return;
      // The next change asks again.
      return explorer.note([`The server could not walk a path (${error.message}).`]);
    } finally {
      if (asked.get(key) === asking) asked.delete(key);
    }
    for (const old of replies.keys()) if (replies.size > KEPT) replies.delete(old);
    ask();
    explorer.descent.arrived();
  };

  /* Why they went as they did is asked once all are there, so that no path waits for it. */
  const everything = () => explorer.query({ ...explorer.state, activity: "" }, APART);
  const askWhy = () => explorer.once("reasons-query", everything());
  const explain = (reply) => {
    reasons = reply;
    explorer.descent.arrived();
    explorer.rateLimits.render();
  };
  const why = () => (reasons?.query === everything() ? reasons : null);

  /* ---- geometry: a polyline in pixels whose every prefix is a prefix of one string ---- */
  const FAR = 4;
  const DRAWN = 2000;
  const outline = (plot, thetas) => {
    const { l, t, w, h } = plot.area;
    // Far outside, lines are cut: pixels beyond a few windows say nothing, and those of a diverged path are no numbers.
    const box = [l - FAR * w, t - FAR * h, l + (1 + FAR) * w, t + (1 + FAR) * h];
    const every = Math.max(1, Math.ceil(thetas.length / DRAWN));
    const ends = new Int32Array(thetas.length);
    const places = [];
    let d = "";
    let [last, pen] = [null, ""];
    thetas.forEach((theta, k) => {
      const pixels = plot.pixel([theta[0] ?? NaN, theta[1] ?? NaN]);
      const at = pixels.every(Number.isFinite) ? pixels : null;
      places.push(at);
      const skipped = k % every && k < thetas.length - 1;
      if (at && !skipped) {
        const piece = last ? cut(last, at, box) : [at, at];
        if (piece) {
          const [from, to] = piece.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
          if (pen !== from) d += `M${from}`;
          if (to !== from) d += `L${to}`;
          pen = to;
        }
        last = at;
      }
      ends[k] = d.length;
    });
    return { d, ends, places, exit: exit(plot, places) };
  };

  /* The part of a segment inside a box (Liang & Barsky 1984), null where there is none. */
  const cut = ([x0, y0], [x1, y1], [left, top, right, bottom]) => {
    const [dx, dy] = [x1 - x0, y1 - y0];
    let [from, to] = [0, 1];
    for (const [p, q] of [[-dx, x0 - left], [dx, right - x0], [-dy, y0 - top], [dy, bottom - y0]]) {
      if (p === 0 && q < 0) return null;
      if (p < 0) from = Math.max(from, q / p);
      if (p > 0) to = Math.min(to, q / p);
    }
    return from > to ? null : [[x0 + from * dx, y0 + from * dy], [x0 + to * dx, y0 + to * dy]];
  };

  /* Where a path first leaves the window: the step that does, the place on the edge, the way it goes. */
  const exit = (plot, places) => {
    const { l, t, w, h } = plot.area;
    const inside = (at) => at && at[0] >= l && at[0] <= l + w && at[1] >= t && at[1] <= t + h;
    const step = places.findIndex((at, k) => k > 0 && inside(places[k - 1]) && !inside(at));
    if (step < 0) return null;
    const [from, to] = [places[step - 1], places[step]];
    if (!to) return null;
    const piece = cut(from, to, [l, t, l + w, t + h]);
    const length = Math.hypot(to[0] - from[0], to[1] - from[1]);
    return { step, at: piece[1], way: [(to[0] - from[0]) / length, (to[1] - from[1]) / length] };
  };

  /* ---- drawing ---- */
  class Line {
    constructor(plot, entry) {
      Object.assign(this, entry, outline(plot, entry.reply.thetas));
      const name = `walk trace-${this.style}`;
      const { d } = this;
      this.walked = [svg("path", { class: `casing ${name}` }), svg("path", { class: name, "data-walk": this.item })];
      this.marker = svg("circle", { r: 5.5, class: `walker trace-${this.style}`, "data-walker": this.item });
      this.nodes = [svg("path", { d, class: `ahead ${name}` }), ...this.walked, ...this.leaving(plot), this.marker];
    }
    leaving(plot) {
      if (!this.exit) return [];
      const { step, at: [x, y], way: [ux, uy] } = this.exit;
      const { l, w, h, t } = plot.area;
      const head = explorer.marks.arrow([x - 16 * ux, y - 16 * uy], [15 * ux, 15 * uy], "edge", 10);
      const isRight = x > l + w / 2;
      const [tx, ty] = [x - 18 * ux + (isRight ? -4 : 4), explorer.clamp(y - 18 * uy, [t + 14, t + h - 6])];
      const name = `${isRight ? "edge-right" : "edge-left"} leaves`;
      return [...head, explorer.marks.label(tx, ty, `out at step ${step}`, name)];
    }
    /* Show the path up to a step. */
    place(step) {
      const k = Math.min(step, this.ends.length - 1);
      if (k === this.shown) return;
      this.shown = k;
      const d = this.d.slice(0, this.ends[k]);
      for (const node of this.walked) node.setAttribute("d", d);
      const at = this.places[k];
      const isNear = at?.every((pixel) => Math.abs(pixel) < 1e5);
      explorer.attributes(this.marker, { visibility: isNear ? "visible" : "hidden", cx: at?.[0].toFixed(1), cy: at?.[1].toFixed(1) });
    }
  }

  /* The paths that belong on a map: in a race its own, beside other losses those of the chosen one. */
  const on = (map) => {
    if (explorer.race.on()) return list().slice(map.index, map.index + 1);
    return explorer.state.view !== "compare" || map.shown.name === explorer.state.loss ? list() : [];
  };

  /* Draw a map's paths; what is the same as before stays. While the point moves there are none for its place. */
  const draw = (map) => {
    const { plot } = map;
    const hidden = explorer.activity.drawing() || explorer.state.hide.includes("descent");
    const ready = hidden ? [] : on(map).filter(({ reply }) => reply?.thetas);
    const drawn = JSON.stringify([ready.map(({ key, style }) => key + style), plot.area, plot.ranges]);
    if (drawn === map.walked) return;
    map.walked = drawn;
    map.lines = ready.map((entry) => new Line(plot, entry));
    plot.put("walks", map.lines.flatMap((line) => line.nodes));
    for (const line of map.lines) line.place(explorer.transport.at());
    explorer.descent.fits();
  };

  explorer.paths = {
    list, ask, draw, explain, why, everything,
    place: (step) => {
      for (const map of explorer.landscape.maps()) for (const line of map.lines ?? []) line.place(step);
    },
    /* Those that leave the window of the map they are drawn on. */
    leaving: () => explorer.landscape.maps().flatMap((map) => map.lines ?? []).filter((line) => line.exit),
  };
})();
