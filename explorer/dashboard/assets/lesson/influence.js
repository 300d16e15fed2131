/* Influence: when a data point is moved, where θ* of every loss goes, and where autograd predicted it. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(Number(value.toPrecision(3)));
  const STILL = 1e-9;
  const LONGEST = 400;
  const NOTHING = { moves: [], settled: false };
  // The data before the point was moved, where it is now, what the server said, and where each θ* has been.
  let base = null;
  let at = null;
  let last = NOTHING;
  let trails = {};
  let wanted = null;

  const on = () => explorer.state.layers.includes("influence") && !explorer.study().terms.length && !explorer.lossHidden();

  /* ---- what is moved ---- */
  const begin = () => (base = null);
  const moving = (i, place) => {
    const { x, y } = explorer.data();
    const parameters = String(explorer.parameters());
    if (base?.i !== i) base = { i, x: [...x], y: [...y], parameters, query: explorer.query(explorer.state), fresh: true };
    at = place;
  };
  /* Is what is shown still the data of the gesture, its one point moved to where we moved it? */
  const ours = () => {
    const { x, y } = explorer.data();
    const isHeld = (before, values, moved) => String(before.map((value, k) => (k === base.i ? moved : value))) === String(values);
    return base.parameters === String(explorer.parameters()) && isHeld(base.x, x, at[0]) && isHeld(base.y, y, at[1]);
  };
  const forget = () => {
    [base, at, wanted, trails, last] = [null, null, null, {}, NOTHING];
  };

  /* ---- asking: one question at a time, always about the newest place ---- */
  const ask = (settled) => {
    if (!on() || !base) return;
    const { i, x, y, query: from } = base;
    wanted = { asked: { from, to: explorer.query(explorer.state), settled }, by: { i, dx: at[0] - x[i], dy: at[1] - y[i] } };
    next();
  };
  const next = () => {
    if (!wanted || explorer.asked.influence) return;
    explorer.asked.influence = wanted;
    explorer.send("influence-query", wanted.asked);
    wanted = null;
  };
  const answered = (reply) => {
    const { by } = explorer.asked.influence ?? {};
    delete explorer.asked.influence;
    if (by && base?.query === reply.from) take(reply, by);
    next();
  };
  const take = (reply, by) => {
    last = { ...reply, by };
    for (const move of last.moves) extend(move);
    base.fresh = false;
    explorer.landscape.marks();
    words();
  };

  /* A trail is a list of lines: a gesture begins one, and so does a jump to another minimum. */
  const extend = ({ loss, outcome, before, after }) => {
    if (!before) return;
    const lines = (trails[loss] ??= []);
    if (base.fresh || !lines.length) lines.push([before]), (lines.outcome = "moved");
    if (!after) return;
    if (lines.outcome !== outcome) lines.push([]), (lines.outcome = outcome);
    const line = lines.at(-1);
    if (line.length && away(line.at(-1), after) < STILL) return;
    line.push(after);
    if (line.length > LONGEST) line.shift();
  };
  const away = (one, other) => Math.hypot(other[0] - one[0], other[1] - one[1]);

  /* ---- on the maps: of every loss on its own map, and of all on a single one ---- */
  const draw = ({ plot, shown: { name } }) => plot.put("influence", on() ? drawn(plot, name) : []);
  const drawn = (plot, name) => {
    const { view } = explorer.state;
    const losses = explorer.study().losses.filter((loss) => view === "map" || (view === "compare" && loss === name));
    const lines = losses.flatMap((loss) => (trails[loss] ?? []).flatMap((line) => trail(plot, loss, line)));
    const placed = [];
    const moves = last.moves.filter(({ loss }) => losses.includes(loss));
    return [...lines, ...moves.flatMap((move) => [...arrow(plot, move), ...ends(plot, move, view === "map" && placed)])];
  };
  const named = (kind, loss) => `${kind} ${explorer.lossClass(loss)}`;
  const trail = (plot, loss, line) =>
    line.length < 2 ? [] : explorer.marks.cased(explorer.pathOf(line.map((place) => plot.pixel(place))), named("influence", loss));
  const arrow = (plot, { loss, before, predicted }) => {
    if (!before || !predicted) return [];
    const [[x, y], [u, v]] = [plot.pixel(before), plot.pixel(predicted)];
    return explorer.marks.arrow([x, y], [u - x, v - y], named("predicted", loss), 11);
  };
  /* A ring where θ* was, a disc where it is, and its loss's name where there is room for it. */
  const ends = (plot, { loss, before, after }, placed) => {
    const circle = (place, name) => {
      const [cx, cy] = plot.pixel(place);
      return explorer.svg("circle", { cx, cy, r: 3.5, class: named(`influence-${name}`, loss), "data-theta": place.join(",") });
    };
    const circles = [...(before ? [circle(before, "before")] : []), ...(after ? [circle(after, "after")] : [])];
    if (!after || !placed) return circles;
    const [x, y] = plot.pixel(after);
    const isFree = explorer.marks.isFree(placed, [x, y], 36);
    placed.push([x, y]);
    const label = explorer.marks.label(x + 9, y - 8, explorer.lossTitle(loss), named("influence-label", loss));
    return isFree ? [...circles, label] : circles;
  };

  /* ---- in words ---- */
  const pair = (from, to) => `(${to.map((value, k) => (Math.abs(value - from[k]) < STILL ? "0" : short(value - from[k]))).join(", ")})`;
  const signed = (value) => `${value > 0 ? "+" : ""}${short(value)}`;
  const said = (move) => {
    const { outcome, before, after, predicted, sharp, note } = move;
    const name = explorer.lossTitle(move.loss);
    const because = note ? ` (${note})` : "";
    if (outcome === "none") return `${name} had no single minimum to follow${because}.`;
    if (outcome === "gone") return `The minimum of ${name} is gone${because}.`;
    if (outcome === "lost") return `The minimum of ${name} ceased to exist on the way.`;
    const by = pair(before, after);
    if (outcome === "jumped") return `The minimum of ${name} ceased to exist on the way; the lowest is now another, ${by} from it.`;
    if (outcome === "overtaken") return `${name} is lowest at another minimum now, ${by} from the one before, which is only a local one.`;
    if (away(before, after) < STILL) return `θ* of ${name} did not move.`;
    return `θ* of ${name} moved by ${by}, ${predicted ? `predicted ${pair(before, predicted)}` : unpredicted(sharp)}.`;
  };
  const unpredicted = (sharp) =>
    sharp ? "found by refitting only: a crease has no second derivative" : "with no prediction: the surface is too flat there";
  const summary = () => {
    const moved = last.moves.filter(({ before, after }) => before && after);
    const [far, loss] = moved.map(({ loss: name, before, after }) => [away(before, after), name]).sort((a, b) => b[0] - a[0])[0] ?? [0];
    return far > STILL ? ` ${explorer.lossTitle(loss)} moved farthest.` : "";
  };
  const point = ({ i, dx, dy }) => {
    const ways = [["x", dx], ["y", dy]].filter(([, by]) => by).map(([axis, by]) => `${axis} by ${signed(by)}`);
    return ways.length ? `Point ${i + 1} moved, ${ways.join(" and ")}. ` : `Point ${i + 1} is back where it was. `;
  };

  const HOW = "Drag a data point in the fit, or move it with the arrow keys: θ* of each loss leaves a trail, " +
    "and an arrow shows where autograd predicts it, dθ*/dy = −H⁻¹ ∂²L/∂θ∂y.";
  const words = () => {
    const moved = last.moves.length > 0;
    byId("influence-table").replaceChildren(...(moved ? [table()] : []));
    for (const id of ["influence-clear", "influence-drawn"]) byId(id).hidden = !moved;
    explorer.closeup.draw(byId("influence-closeup"), last.moves, trails);
    if (!moved) byId("influence-says").textContent = HOW;
    // The sentence is spoken: only what has come to rest is said.
    else if (last.settled) byId("influence-says").textContent = point(last.by) + last.moves.map(said).join(" ") + summary();
  };
  const table = () => {
    const cell = (from, to) => (from && to ? pair(from, to) : "–");
    const rows = last.moves.map(({ loss, before, after, predicted }) =>
      [explorer.lossTitle(loss), before ? `(${before.map(short).join(", ")})` : "–", cell(before, after), cell(before, predicted)]);
    return explorer.table([["loss", "θ* was", "moved by", "predicted"], ...rows]);
  };

  let shown = null;
  const render = () => {
    if (base && !ours()) forget();
    byId("influence-card").hidden = !on();
    const now = `${on()}|${last.moves.length}`;
    if (now !== shown) words();
    shown = now;
  };

  explorer.influence = {
    start: () => {
      byId("influence-clear").addEventListener("click", () => (forget(), explorer.render()));
      new ResizeObserver(() => explorer.closeup.draw(byId("influence-closeup"), last.moves, trails)).observe(byId("influence-card"));
    },
    begin, moving, ask, answered, draw, render,
  };
})();
