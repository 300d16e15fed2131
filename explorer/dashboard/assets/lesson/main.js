/* Main: the lesson's page: its parts, what is drawn when, and what each reply is for. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  /* Inputs on a logarithmic scale, each with a slider; whole numbers; and how many losses there are, in words. */
  const scaled = () => [...explorer.schema.parameters, "weight", "lr"];
  const WHOLE = ["steps", "batch", "seed"];
  const COUNTS = ["No", "One", "Two", "Three", "Four", "Five", "Six"];

  /* ---- replies ---- */
  const replies = {
    point: (reply) => {
      explorer.reply.point = reply;
      byId("code").textContent = explorer.lossHidden() ? "Hidden while the loss is to be guessed." : reply.program;
      explorer.render();
      explorer.step.answered();
    },
    map: (reply) => {
      const serial = (explorer.reply.serial ?? 0) + 1;
      Object.assign(explorer.reply, { map: reply, ownWindow: reply.own_window, minima: undefined, mapStudy: explorer.state.study, serial });
      explorer.landscape.show();
      explorer.render();
      explorer.minima.render();
      // Only now: finding the minima takes longer than the map and must not keep it waiting; a drag goes on without.
      if (!explorer.fit.dragging()) explorer.send("minima-query", { query: reply.query });
      // Of a learner's own points the server alone knows the window, once it has answered.
      if (!explorer.state.window.length && explorer.keepInView()) explorer.act({}, "replace");
    },
    minima: (reply) => {
      Object.assign(explorer.reply, { minima: reply.maps, minimaQuery: reply.query });
      explorer.minima.render();
      explorer.landscape.refresh();
    },
    "total-contours": ({ contours }) => {
      Object.assign(explorer.reply, { totalContours: contours, totalWeight: explorer.state.weight });
      explorer.landscape.show();
    },
    reasons: (reply) => explorer.paths.explain(reply),
    "basins-reply": (reply) => explorer.basins.receive(reply),
    influence: (reply) => explorer.influence.answered(reply),
    pasted: (reply) => explorer.fit.pasted(reply),
    verdict: (reply) => explorer.activity.verdict(reply),
    picture: (reply) => explorer.savePicture(reply),
  };
  const isThis = (question) => () => explorer.asked[question];
  const answers = {
    point: ["commit", () => explorer.page.place()],
    map: ["scene", isThis("scene")],
    minima: ["minima-query", isThis("scene")],
    "total-contours": ["weight-query", isThis("weight-query")],
    reasons: ["reasons-query", () => explorer.paths.everything()],
    "basins-reply": ["basins-query", isThis("basins")],
  };

  /* ---- drawing everything that follows from the state; only what moves, while only the point is dragged ---- */
  const render = (moves) => {
    const hasTerms = explorer.study().terms.length > 0;
    if (!moves) explorer.influence.render();
    explorer.landscape.marks();
    explorer.basins.render(moves);
    explorer.descent.render(moves);
    explorer.fit.render();
    explorer.readout.render();
    if (!moves) explorer.rateLimits.render();
    explorer.lossCurves.render();
    if (!moves) explorer.tape.render();
    if (hasTerms) explorer.terms.render();
  };

  const frame = () => {
    const { state } = explorer;
    const study = explorer.study();
    Object.assign(byId("page").dataset, { study: study.terms.length ? "terms" : "targets", view: state.view });
    byId("maps").classList.toggle("pending", explorer.reply.map?.query !== explorer.asked.scene);
    explorer.controls.render();
    choices(study);
    fields(state);
    words(state, study);
    explorer.zoom.render();
    explorer.activity.render();
  };

  /* Every study's choices are there; what this one has is shown. */
  const choices = ({ targets, own, losses, parameters }) => {
    const has = { target: (name) => (name === "own" ? own : name in targets), loss: (name) => losses.includes(name) };
    for (const node of document.querySelectorAll('[data-set-key="target"], [data-set-key="loss"]')) {
      node.hidden = !has[node.dataset.setKey](node.dataset.value);
    }
    byId("more-targets").hidden = !byId("more-targets").querySelector("button:not([hidden])");
    byId("data").hidden = !own;
    const taken = Object.values(parameters).flat();
    for (const key of explorer.schema.parameters) byId(`${key}-control`).hidden = !taken.includes(key);
  };

  const fields = (state) => {
    for (const key of scaled()) {
      const slider = byId(`${key}-slider`);
      explorer.controls.field(key, state[key]);
      if (document.activeElement !== slider) slider.value = Math.log10(state[key]);
      slider.setAttribute("aria-valuetext", explorer.short(state[key]));
    }
    for (const key of explorer.schema.parameters) {
      byId(`${key}-control`).classList.toggle("off", !explorer.takes(key) && state.view !== "compare");
    }
    const chosen = byId("more-targets").querySelector('[aria-pressed="true"]');
    byId("more-targets").querySelector("summary").textContent = chosen ? `More: ${chosen.textContent}` : "More";
  };

  /* ---- in words ---- */
  const teaches = ({ target }, { terms, targets, teaches: said }) => {
    if (terms.length) return said;
    return target === "own" ? "Your own points." : targets[target].teaches;
  };
  const title = ({ view }, { terms, losses, labels }) => {
    if (terms.length) return "The terms and their weighted total";
    if (view === "compare") return `${COUNTS[losses.length] ?? losses.length} losses, one point`;
    return `Loss landscape L(${labels.join(", ")}), ${explorer.lossTitle()}`;
  };
  const arrowScale = (hasPulls, hasTerms) => {
    const each = hasTerms ? "term's gradient; −∇L is their sum" : "point's own gradient; −∇L is their mean";
    return `Click or drag; arrow keys when focused. Arrow length: ${explorer.marks.LONGEST} px (a third of a small map) ` +
      `times √(m/(1+m)), m = ‖∇L‖; zero is drawn as zero.${hasPulls ? ` Thin, on one scale of their own: minus each ${each}.` : ""}`;
  };
  const words = (state, study) => {
    const hasTerms = study.terms.length > 0;
    byId("formula").textContent = study.formula;
    byId("teaches").textContent = teaches(state, study);
    byId("landscape-title").textContent = title(state, study);
    byId("layers-pulls").textContent = hasTerms ? "Each term's pull" : "Each point's pull";
    const weighted = hasTerms ? explorer.caption(study.terms[0]).title : "";
    if (hasTerms) byId("weight-control").querySelector(".label").textContent = `Weight of ${weighted}`;
    byId("arrow-scale").textContent = arrowScale(state.layers.includes("pulls"), hasTerms);
  };

  /* ---- controls to state ---- */
  const slid = (key) => {
    const node = byId(`${key}-slider`);
    const value = () => explorer.clamp(Number((10 ** Number(node.value)).toPrecision(3)), explorer.schema.limits[key]);
    node.addEventListener("input", () => explorer.act({ [key]: value() }, "live"));
    node.addEventListener("change", () => explorer.act({ [key]: value() }));
  };

  /* The learner's own points: the last they had, or those that are shown. */
  const own = (key, value) => {
    if (key !== "target" || value !== "own") return false;
    const { x, y } = explorer.data();
    explorer.act({ target: "own", points: explorer.ownPoints ?? x.map((each, i) => [each, y[i]]) });
    byId("data").setAttribute("open", "");
    byId("csv").focus();
    return true;
  };

  const begin = () => {
    const { limits } = explorer.schema;
    for (const key of ["w", "b"]) explorer.controls.typed(key, limits.theta);
    for (const key of scaled()) explorer.controls.typed(key, limits[key]);
    for (const key of WHOLE) explorer.controls.typed(key, limits[key], true);
    for (const key of scaled()) slid(key);
    byId("code-button").addEventListener("click", () =>
      byId("code-card").scrollIntoView({ behavior: explorer.isStill() ? "auto" : "smooth" }));
    explorer.fit.show();
  };

  explorer.page = {
    coordinates: ["w", "b"], moving: ["w", "b"], patience: 10_000,
    graphs: ["landscape", "map-1", "map-2", "map-3", "basins", "fit", "ell", "ell-slope"],
    parts: ["landscape", "fit", "lossCurves", "tape", "step", "activity", "influence", "charts", "transport", "zoom", "basins",
      "descent", "rateLimits", "drawer"],
    replies, answers, begin, frame, render, own,
    place: () => explorer.questions.point(),
    ask: (query) => explorer.questions.ask(query),
    follow: (patch) => explorer.questions.follow(patch),
    // Without target and loss an activity stands for the scene that it sets; with them the address rules.
    always: ({ activity }) => (activity ? ["target", "loss"] : []),
    changed: (...change) => explorer.consequences(...change),
    opened: () => {
      explorer.state.points = explorer.state.points.map((pair) => [...pair]);
      explorer.keepInView();
      explorer.step.begin();
      explorer.step.forget();
    },
    redraw: () => {
      explorer.landscape.show();
      explorer.basins.redraw();
      explorer.fit.show();
      explorer.lossCurves.render(true);
    },
  };
})();
