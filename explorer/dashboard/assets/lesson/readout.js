/* Readout: the numbers at the point. Preview while the hand moves, torch's own as soon as they are there. */
(() => {
  const explorer = (window.explorer ??= {});
  const AGREE = 1e-6;
  const KINK = " (between the creases; a crease itself has no second derivative)";
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);

  /* Loss, gradient, pulls and residuals at the point; `name` asks for another loss (compare view) or a term. */
  const numbers = (name) => {
    const { state, reply } = explorer;
    const study = explorer.study();
    const preview = explorer.preview.here(study.losses.includes(name) ? name : explorer.lossName(name in study.hidden ? name : undefined));
    if (study.terms.includes(name)) {
      const i = study.terms.indexOf(name);
      // A term's own map shows the term itself, without the weight it has in the total.
      const weight = i ? 1 : state.weight;
      return { ...preview, gradient: preview.pulls[i].map((value) => value / weight), pulls: [], loss: preview.terms[name] / weight };
    }
    if (explorer.stale()) return { ...preview, source: "preview" };
    const torch = !name || name === state.loss || name === "total" ? reply.point : reply.point.losses?.[name];
    return torch ? { ...preview, loss: torch.loss, gradient: torch.gradient, pulls: torch.pulls, source: "torch" } : preview;
  };

  const put = (id, value, source) => {
    const node = byId(id);
    node.textContent = short(value);
    Object.assign(node.dataset, { value: String(value), source });
  };

  const ways = ([dw, db], [first, second]) => {
    const size = Math.hypot(dw, db);
    if (!(size > 0)) return "The gradient is exactly zero in float64: no direction is downhill to first order.";
    const parts = [];
    if (Math.abs(dw) > 0.3 * size) parts.push(dw < 0 ? `right (larger ${first})` : `left (smaller ${first})`);
    if (Math.abs(db) > 0.3 * size) parts.push(db < 0 ? `up (larger ${second})` : `down (smaller ${second})`);
    const flat = size < 1e-4 ? " The ground is almost flat here." : "";
    return `Steepest descent goes ${parts.join(" and ")}.${flat}`;
  };

  const sentence = ({ loss, gradient }, [w, b], name, labels) =>
    `w ${short(w)}, b ${short(b)}: ${name} loss ${short(loss)}, gradient (${gradient.map(short).join(", ")}). ${ways(gradient, labels)}`;

  const bend = (low, high) => {
    const ratio = low > 0 ? `condition number κ = ${short(high / low)}` : "";
    return [explorer.curvature.words([low, high]), ratio].filter(Boolean).map((said) => `; ${said}`).join("");
  };
  const curvature = () => {
    const { eigenvalues = [] } = explorer.reply.point?.curvature ?? {};
    if (explorer.stale() || eigenvalues.length < 2) return "";
    const [low, high] = eigenvalues;
    return `Hessian eigenvalues ${short(low)} and ${short(high)}${bend(low, high)}${explorer.hasCreases() ? KINK : ""}`;
  };

  /* How far torch and the browser's preview are apart, relative to the largest of torch's numbers. */
  const apart = (torch, preview) => {
    const [theirs, mine] = [torch, preview].map(({ loss, gradient }) => [loss, ...gradient]);
    return Math.max(...theirs.map((value, i) => Math.abs(value - mine[i]))) / Math.max(...theirs.map(Math.abs), 1e-12);
  };

  const agreement = (worst) => {
    const warning = byId("disagree");
    warning.hidden = !(worst > AGREE);
    warning.textContent = warning.hidden ? "" : `The browser's preview and torch differ by ${short(worst)}; torch's numbers are shown.`;
    const preview = Number.isNaN(worst) ? "" : `; the browser's preview differs by ${short(worst)}`;
    byId("agree").textContent = `torch float64, loss.backward()${preview}`;
  };

  const render = () => {
    const here = numbers();
    const { source = "preview", loss, gradient } = here;
    for (const key of ["w", "b"]) explorer.controls.field(key, explorer.state[key]);
    put("readout-loss", loss, source);
    put("readout-dw", gradient[0], source);
    put("readout-db", gradient[1], source);
    put("readout-norm", Math.hypot(...gradient), source);
    if (source !== "torch") return (byId("agree").textContent = "preview; torch is asked on release");
    const study = explorer.study();
    agreement(apart(here, explorer.preview.here()));
    byId("live").textContent = sentence(here, explorer.theta(), study.terms.length ? "total" : explorer.lossTitle(), study.labels);
    byId("curvature").textContent = curvature();
  };

  explorer.readout = { numbers, render };
})();
