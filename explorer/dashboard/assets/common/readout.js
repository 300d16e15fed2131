/* Readout: the numbers at the point. Preview while the hand moves, torch's own as soon as they are there. */
(() => {
  const explorer = (window.explorer ??= {});
  const AGREE = 1e-6;
  const byId = (id) => document.getElementById(id);

  /* A number as people read it: four significant digits, a real minus sign. */
  explorer.short = (value) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "…" : value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    const text = value === 0 ? "0" : size < 1e-3 || size >= 1e5 ? value.toExponential(2).replace(/\.?0+e/, "e") : String(Number(value.toPrecision(4)));
    return text.replaceAll("-", "−").replace("e+", "e");
  };

  /* Does the last reply belong to what is on the screen? */
  explorer.stale = () => explorer.reply.point?.query !== explorer.pointQuery();

  /* Loss, gradient, pulls and residuals at the point; `name` asks for another loss (compare view) or a term. */
  explorer.numbers = (name) => {
    const { state, reply } = explorer;
    const study = explorer.study();
    const loss = name && name in study.losses ? name : explorer.lossName(name && name in study.hidden ? name : undefined);
    const preview = explorer.preview.of(study).at(explorer.theta(), explorer.data(), { ...state, loss: study.losses.includes(name) ? name : loss, facts: study.facts });
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
    node.textContent = explorer.short(value);
    node.dataset.value = String(value);
    node.dataset.source = source;
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

  const sentence = (numbers) => {
    const { w, b } = explorer.state;
    const short = explorer.short;
    const name = explorer.study().terms.length ? "total" : explorer.lossTitle();
    return `w ${short(w)}, b ${short(b)}: ${name} loss ${short(numbers.loss)}, gradient (${numbers.gradient.map(short).join(", ")}). ${ways(numbers.gradient, explorer.study().labels)}`;
  };

  /* An input that is being typed in is left alone. */
  const field = (id, value) => {
    const node = byId(id);
    if (document.activeElement !== node) node.value = String(value);
    node.dataset.value = String(value);
  };
  explorer.field = field;

  const curvature = () => {
    const { eigenvalues = [] } = explorer.reply.point?.curvature ?? {};
    if (explorer.stale() || eigenvalues.length < 2) return "";
    const [low, high] = eigenvalues;
    const kappa = low > 0 ? `; condition number κ = ${explorer.short(high / low)}` : low < 0 && high > 0 ? "; a saddle's curvature" : "";
    const kink = explorer.lossName() === "mae" && !explorer.lossHidden() && !explorer.study().terms.length ? " (between the creases; a crease itself has no second derivative)" : "";
    return `Hessian eigenvalues ${explorer.short(low)} and ${explorer.short(high)}${kappa}${kink}`;
  };

  const agreement = (numbers, preview) => {
    const torch = [numbers.loss, ...numbers.gradient];
    const mine = [preview.loss, ...preview.gradient];
    const size = Math.max(...torch.map(Math.abs), 1e-12);
    const worst = Math.max(...torch.map((value, i) => Math.abs(value - mine[i]))) / size;
    const apart = worst > AGREE;
    const warning = byId("disagree");
    warning.hidden = !apart;
    warning.textContent = apart ? `The browser's preview and torch differ by ${explorer.short(worst)}; torch's numbers are shown.` : "";
    if (Number.isNaN(worst)) return "torch float64, loss.backward()";
    return `torch float64, loss.backward(); the browser's preview differs by ${explorer.short(worst)}`;
  };

  explorer.readout = {
    render: () => {
      const { state } = explorer;
      const numbers = explorer.numbers();
      const source = numbers.source ?? "preview";
      field("w", state.w);
      field("b", state.b);
      put("readout-loss", numbers.loss, source);
      put("readout-dw", numbers.gradient[0], source);
      put("readout-db", numbers.gradient[1], source);
      put("readout-norm", Math.hypot(...numbers.gradient), source);
      if (source === "torch") {
        const study = explorer.study();
        const preview = explorer.preview.of(study).at(explorer.theta(), explorer.data(), { ...state, loss: explorer.lossName(), facts: study.facts });
        byId("agree").textContent = agreement(numbers, preview);
        byId("live").textContent = sentence(numbers);
        byId("curvature").textContent = curvature();
      } else byId("agree").textContent = "preview; torch is asked on release";
    },
  };
})();
