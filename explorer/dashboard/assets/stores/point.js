/* The point of /slice: ≈ read off the sweep while the hand moves; on release torch's own numbers, where it can. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const APART = 1e-4;
  const NAMES = { gradient_norm: "‖∇L‖" };

  const number = (value) => (typeof value === "string" ? Number(value.replace("inf", "Infinity")) : (value ?? NaN));
  const numbers = (values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [name, number(value)]));

  /* What is known at the point in a side (0, or 1 for the store beside it): the server's numbers, or the preview. */
  explorer.numbers = (index) => {
    const side = explorer.reply.scene?.sides[index];
    if (!side) return null;
    const reply = explorer.stale() ? null : index ? explorer.reply.point.beside : explorer.reply.point;
    if (!reply || reply.error) return explorer.sweptAt(side, explorer.theta());
    const values = numbers(reply.values);
    // There is no way down from what is not a number, whatever autograd makes of it.
    const fine = Number.isFinite(values.loss);
    return { ...reply, values, norm: number(reply.norm), inPlane: number(reply.in_plane), share: fine && reply.share !== null ? number(reply.share) : null,
      coordinates: fine && reply.coordinates?.map(number).every(Number.isFinite) ? reply.coordinates : null };
  };

  const put = (node, value, source, text) => {
    // What torch says is NaN is NaN; what the sweep does not know is a dash.
    node.textContent = Number.isNaN(value) ? (source === "torch" && text === undefined ? "NaN" : "–") : `${source === "torch" ? "" : "≈ "}${text ?? explorer.short(value)}`;
    node.dataset.value = String(value);
    node.dataset.source = source;
  };

  const percent = (share) => `${share >= 0.0995 ? Math.round(100 * share) : Number((100 * share).toPrecision(2))} %`;

  /* Terms, metrics and the gradient along each axis: as many as there are. */
  const more = (found, source) => {
    const { axes } = explorer.reply.scene;
    const rows = Object.entries(found.values).filter(([name]) => name !== "loss" && name !== "gradient_norm");
    const slopes = (found.gradient ?? []).map((value, axis) => [`∂L/∂${axes[axis]}`, number(value)]);
    const other = explorer.reply.scene.sides.length > 1 && explorer.numbers(1);
    const beside = other ? [[`loss in ${explorer.state.with}`, other.values.loss ?? NaN, other.source]] : [];
    const boxes = [...rows, ...slopes, ...beside].map(([name, value, from = source]) => {
      const output = explorer.make("output", { className: "number" });
      output.dataset.name = name;
      put(output, value, from);
      return explorer.make("div", { className: "readout" }, [explorer.make("span", { className: "label", textContent: NAMES[name] ?? name, title: NAMES[name] ?? name }), output]);
    });
    byId("readout-more").replaceChildren(...boxes);
  };

  const ways = (coordinates, axes) => {
    const size = Math.hypot(...coordinates);
    if (!(size > 0)) return "in the plane the gradient is exactly zero";
    const words = [["left (smaller", "right (larger"], ["down (smaller", "up (larger"]];
    const parts = coordinates.flatMap((value, axis) => (Math.abs(value) > 0.3 * size ? [`${words[axis][value < 0 ? 1 : 0]} ${axes[axis]})`] : []));
    return `in it the steepest way down goes ${parts.join(" and ")}`;
  };

  const sentence = (found) => {
    const { axes } = explorer.reply.scene;
    const short = explorer.short;
    const at = axes.map((label, axis) => `${label} ${short(explorer.theta()[axis])}`).join(", ");
    const values = Object.entries(found.values).filter(([name]) => name !== "gradient_norm").slice(0, 4);
    const said = `${at}: ${values.map(([name, value]) => `${name} ${found.source === "torch" ? "" : "≈ "}${Number.isNaN(value) ? (found.source === "torch" ? "NaN" : "not known") : short(value)}`).join(", ")}.`;
    const shows = found.share === null ? "" : ` The picture shows ${percent(found.share)} of the gradient`;
    if (!found.coordinates) return said + (shows && `${shows}.`);
    const way = ways(found.coordinates.map(number), axes);
    return `${said}${shows ? `${shows}; ${way}` : ` ${way[0].toUpperCase()}${way.slice(1)}`}.`;
  };

  const isOutside = () => {
    const { window: ends } = explorer.reply.scene.sides[0];
    return ends.some(([low, high], axis) => explorer.theta()[axis] < low || explorer.theta()[axis] > high);
  };

  /* What is said of a loss read off the sweep, where some were interpolated. */
  const standing = () => {
    const found = explorer.standing(explorer.reply.scene.sides[0], explorer.theta());
    return found && `, ${found} here`;
  };

  const origin = (found) => {
    const interpolated = standing();
    if (found.source === "preview") return `≈ read off the sweep${interpolated}; the server is asked on release`;
    const others = interpolated && " All but the loss is read between evaluated points.";
    if (found.source === "swept") return `${isOutside() ? "The point lies outside the sweep: nothing is known there. " : ""}≈ read off the sweep${interpolated}: ${found.why}.${others}`;
    const swept = number(found.swept?.loss);
    const outside = isOutside() ? "; the point lies outside the sweep, beyond the edge of the picture" : "";
    return `torch's own numbers at exactly this θ, by autograd through all parameters${outside}${Number.isFinite(swept) ? `; read off the sweep${interpolated && `${interpolated},`} the loss is ≈ ${explorer.short(swept)}` : ""}`;
  };

  /* At a point of the grid torch and the sweep measured the same thing: a difference is shown, never hidden. */
  const disagreement = (found) => {
    const apart = found.apart === null || found.apart === undefined ? 0 : number(found.apart);
    const warning = byId("disagree");
    warning.hidden = !(apart > APART);
    warning.textContent = warning.hidden ? "" : `At this grid point the swept loss and torch's differ by ${explorer.short(100 * apart)} %: the store and the objective loaded here do not agree.`;
  };

  explorer.point = {
    render: () => {
      const { scene } = explorer.reply;
      explorer.field("a", explorer.state.a);
      explorer.field("b", explorer.state.b);
      if (!scene) return;
      const found = explorer.numbers(0);
      ["a", "b"].forEach((id, axis) => {
        const label = byId(id).closest("label");
        label.hidden = axis >= scene.axes.length;
        const name = label.querySelector(".label");
        name.textContent = name.title = scene.axes[axis] ?? id;
      });
      put(byId("readout-loss"), found.values.loss ?? NaN, found.source);
      put(byId("readout-norm"), found.norm ?? NaN, found.source);
      byId("readout-share").previousElementSibling.textContent = scene.axes.length > 1 ? "of it in the plane" : "of it along the line";
      put(byId("readout-share"), found.share ?? NaN, found.source, found.share === null ? "" : percent(found.share));
      more(found, found.source);
      byId("agree").textContent = origin(found);
      if (found.source === "preview") return;
      byId("live").textContent = sentence(found);
      disagreement(found);
    },
  };
})();
