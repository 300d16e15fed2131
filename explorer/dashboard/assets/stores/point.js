/* The point of /slice: ≈ read off the sweep while the hand moves; on release torch's own numbers, where it can. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);
  const APART = 1e-4;
  const NAMES = { gradient_norm: "‖∇L‖" };
  /* Values that a sentence has room for. */
  const TOLD = 4;

  /* JSON has neither NaN nor infinities: they come as null and as text. */
  const number = (value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : (value ?? NaN));
  const numbered = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)]));

  /* What is known at the point in a side (0, or 1 for the store beside it): the server's numbers, or the preview. */
  const numbers = (index) => {
    const side = explorer.reply.scene?.sides[index];
    if (!side) return null;
    const { point } = explorer.reply;
    const reply = explorer.stale() ? null : index ? point.beside : point;
    if (!reply || reply.error) return explorer.sweptAt(side, explorer.theta());
    const values = numbered(reply.values);
    // There is no way down from what is not a number, whatever autograd makes of it.
    const isFine = Number.isFinite(values.loss);
    const share = isFine && reply.share !== null ? number(reply.share) : null;
    const coordinates = isFine && reply.coordinates?.map(number).every(Number.isFinite) ? reply.coordinates : null;
    return { ...reply, values, norm: number(reply.norm), inPlane: number(reply.in_plane), share, coordinates };
  };

  /* What torch says is NaN is NaN; what the sweep does not know is not known. */
  const written = (value, source, unknown, text = short(value)) => {
    if (Number.isNaN(value)) return source === "torch" ? "NaN" : unknown;
    return source === "torch" ? text : `≈ ${text}`;
  };

  const put = (node, value, source, text) => {
    node.textContent = Number.isNaN(value) && text !== undefined ? "–" : written(value, source, "–", text);
    Object.assign(node.dataset, { value: String(value), source });
  };

  /* Terms, metrics and the gradient along each axis: as many as there are. */
  const more = ({ values, gradient, source }) => {
    const { axes, sides } = explorer.reply.scene;
    const rows = Object.entries(values).filter(([name]) => name !== "loss" && name !== "gradient_norm");
    const slopes = (gradient ?? []).map((value, axis) => [`∂L/∂${axes[axis]}`, number(value)]);
    const other = sides.length > 1 && numbers(1);
    const beside = other ? [[`loss in ${explorer.state.with}`, other.values.loss ?? NaN, other.source]] : [];
    byId("readout-more").replaceChildren(...[...rows, ...slopes, ...beside].map((row) => readout(source, ...row)));
  };
  const readout = (known, name, value, source = known) => {
    const output = explorer.make("output", { className: "number" });
    output.dataset.name = name;
    put(output, value, source);
    const title = NAMES[name] ?? name;
    const label = explorer.make("span", { className: "label", textContent: title, title });
    return explorer.make("div", { className: "readout" }, [label, output]);
  };

  const ways = (coordinates, axes) => {
    const size = Math.hypot(...coordinates);
    if (!(size > 0)) return "in the plane the gradient is exactly zero";
    const words = [["left (smaller", "right (larger"], ["down (smaller", "up (larger"]];
    const steep = [...coordinates.entries()].filter(([, value]) => Math.abs(value) > 0.3 * size);
    const parts = steep.map(([axis, value]) => `${words[axis][value < 0 ? 1 : 0]} ${axes[axis]})`);
    return `in it the steepest way down goes ${parts.join(" and ")}`;
  };

  const said = ({ values, source }, axes, theta) => {
    const at = axes.map((label, axis) => `${label} ${short(theta[axis])}`).join(", ");
    const told = Object.entries(values).filter(([name]) => name !== "gradient_norm").slice(0, TOLD);
    return `${at}: ${told.map(([name, value]) => `${name} ${written(value, source, "≈ not known")}`).join(", ")}.`;
  };

  const shows = (share, way) => {
    const picture = share === null ? "" : `The picture shows ${explorer.percent(share)} of the gradient`;
    if (!way) return picture && ` ${picture}.`;
    return ` ${picture ? `${picture}; ${way}` : way[0].toUpperCase() + way.slice(1)}.`;
  };

  const sentence = (found) => {
    const { axes } = explorer.reply.scene;
    const way = found.coordinates && ways(found.coordinates.map(number), axes);
    return said(found, axes, explorer.theta()) + shows(found.share, way);
  };

  /* Where the numbers come from; `standing` tells how a loss read off the sweep came to be, where some were interpolated. */
  const origin = ({ source, why, swept }, standing, isOutside) => {
    const off = `read off the sweep${standing && `, ${standing} here`}`;
    if (source === "preview") return `≈ ${off}; the server is asked on release`;
    if (source === "swept") {
      const nothing = isOutside ? "The point lies outside the sweep: nothing is known there. " : "";
      return `${nothing}≈ ${off}: ${why}.${standing && " All but the loss is read between evaluated points."}`;
    }
    const loss = number(swept?.loss);
    const outside = isOutside ? "; the point lies outside the sweep, beyond the edge of the picture" : "";
    const read = Number.isFinite(loss) ? `; ${off}${standing && ","} the loss is ≈ ${short(loss)}` : "";
    return `torch's own numbers at exactly this θ, by autograd through all parameters${outside}${read}`;
  };

  /* At a point of the grid torch and the sweep measured the same thing: a difference is shown, never hidden. */
  const disagreement = (apart) => {
    const warning = byId("disagree");
    warning.hidden = !(apart > APART);
    warning.textContent = warning.hidden ? "" : `At this grid point the swept loss and torch's differ by ${short(100 * apart)} %: ` +
      "the store and the objective loaded here do not agree.";
  };

  const fields = (axes) => ["a", "b"].forEach((id, axis) => {
    explorer.controls.field(id, explorer.state[id]);
    const label = byId(id).closest("label");
    label.hidden = axis >= axes.length;
    const name = label.querySelector(".label");
    name.textContent = name.title = axes[axis] ?? id;
  });

  const render = () => {
    const { scene } = explorer.reply;
    if (!scene) return;
    fields(scene.axes);
    const found = numbers(0);
    const { values, norm, share, source } = found;
    put(byId("readout-loss"), values.loss ?? NaN, source);
    put(byId("readout-norm"), norm ?? NaN, source);
    byId("readout-share").previousElementSibling.textContent = scene.axes.length > 1 ? "of it in the plane" : "of it along the line";
    put(byId("readout-share"), share ?? NaN, source, share === null ? "" : explorer.percent(share));
    more(found);
    const theta = explorer.theta();
    const isOutside = scene.sides[0].window.some((ends, axis) => !explorer.isWithin(theta[axis], ends));
    byId("agree").textContent = origin(found, explorer.standing(scene.sides[0], theta), isOutside);
    if (source === "preview") return;
    byId("live").textContent = sentence(found);
    disagreement(number(found.apart ?? 0));
  };

  explorer.point = { numbers, render };
})();
