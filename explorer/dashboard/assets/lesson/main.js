/* Main: start when Dash has drawn the page, hand every reply and every control to its part. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const log = { delta: "delta-slider", weight: "weight-slider", lr: "lr-slider" };
  let ready = false;

  /* ---- replies ---- */
  const receive = {
    opened: ({ state, notes }) => {
      explorer.state = { ...state, points: state.points.map((pair) => [...pair]) };
      explorer.start = explorer.theta();
      explorer.path = [];
      explorer.step.forget();
      note(notes);
      whenDrawn(() => {
        if (!ready) begin();
        explorer.render();
        explorer.ask(explorer.query(explorer.state));
      });
    },
    point: (reply) => {
      if (reply.query !== explorer.pointQuery()) return;
      explorer.reply.point = reply;
      byId("code").textContent = explorer.lossHidden() ? "Hidden while the loss is to be guessed." : reply.program;
      explorer.render();
      explorer.step.answered();
    },
    map: (reply) => {
      if (reply.query !== explorer.asked.scene) return;
      Object.assign(explorer.reply, { map: reply, ownWindow: reply.own_window, minima: undefined, mapStudy: explorer.state.study, serial: (explorer.reply.serial ?? 0) + 1 });
      explorer.landscape.show();
      explorer.render();
      places();
      // Only now: finding the minima takes longer than the map and must not keep it waiting; a drag goes on without.
      if (!explorer.fit.dragging()) explorer.send("minima-query", { query: reply.query });
    },
    minima: (reply) => {
      if (reply.query !== explorer.asked.scene) return;
      Object.assign(explorer.reply, { minima: reply.maps, minimaQuery: reply.query });
      places();
      explorer.landscape.refresh();
    },
    "total-contours": (reply) => {
      if (reply.query !== explorer.asked["weight-query"]) return;
      Object.assign(explorer.reply, { totalContours: reply.contours, totalWeight: explorer.state.weight });
      explorer.landscape.show();
    },
    reasons: (reply) => explorer.paths.explain(reply),
    "basins-reply": (reply) => explorer.basins.receive(reply),
    influence: (reply) => explorer.influence.answered(reply),
    pasted: (reply) => explorer.fit.pasted(reply),
    verdict: (reply) => explorer.activity.verdict(reply),
    picture: ({ kind, name, figure }) => Plotly.downloadImage({ ...figure, config: {} }, { format: kind, filename: name, width: 900, height: 820, scale: 2 }),
  };
  explorer.receive = (store, data) => receive[store](data);

  const whenDrawn = (then) => {
    const drawn = window.Plotly && ["landscape", "map-1", "map-2", "map-3", "basins", "fit", "ell", "ell-slope"].every((id) => document.querySelector(`#${id} .js-plotly-plot`)?._fullLayout);
    if (drawn) then();
    else setTimeout(whenDrawn, 16, then);
  };

  const note = explorer.note = (notes) => {
    const node = byId("notes");
    node.hidden = !notes.length;
    node.textContent = notes.join(" ");
  };

  /* ---- minima in words: in the window they are drawn, outside it they are told ---- */
  explorer.minima = (index) => explorer.reply.minima?.[explorer.race.on() ? 0 : index];
  const places = () => {
    const { w, b } = explorer.window();
    const short = explorer.short;
    const said = [];
    const found = explorer.minima(Math.max(0, mapIndex()));
    if (!found) return (byId("places").textContent = "");
    for (const { theta, loss } of found.points) {
      const out = theta[0] < w[0] || theta[0] > w[1] || theta[1] < b[0] || theta[1] > b[1];
      said.push(`${out ? "Outside the window: a minimum" : "Minimum θ*"} at w ${short(theta[0])}, b ${short(theta[1])}, L = ${loss < 1e-15 ? "0" : short(loss)}.`);
    }
    if (found.line && !found.note) said.push(`A whole line of minima: ${short(found.line[0])}·w + ${short(found.line[1])}·b = ${short(found.line[2])}.`);
    if (found.note) said.push(found.note[0].toUpperCase() + found.note.slice(1).replace(/\.?$/, "."));
    byId("places").textContent = said.join(" ");
  };
  const mapIndex = () => (explorer.state.view === "compare" ? explorer.study().losses.indexOf(explorer.lossName()) : 0);

  /* ---- drawing everything that follows from the state; only what moves, while only the point is dragged ---- */
  explorer.render = (moves = false) => {
    if (!ready) return;
    const { state } = explorer;
    const study = explorer.study();
    if (!moves) frame(state, study);
    if (!moves) explorer.influence.render();
    explorer.landscape.marks();
    explorer.basins.render(moves);
    explorer.descent.render(moves);
    explorer.fit.render();
    explorer.readout.render();
    if (!moves) explorer.limits.render();
    explorer.losses.render();
    if (!moves) explorer.tape.render();
    if (study.terms.length) explorer.terms.render();
  };

  const frame = (state, study) => {
    const page = byId("page");
    byId("maps").classList.toggle("pending", explorer.reply.map?.query !== explorer.asked.scene);
    page.dataset.study = study.terms.length ? "terms" : "neuron";
    page.dataset.view = state.view;
    for (const node of document.querySelectorAll("[data-hide]")) node.classList.toggle("hidden-by-link", state.hide.includes(node.dataset.hide));
    controls(state, study);
    explorer.zoom.render();
    modes(state);
    explorer.activity.render();
  };

  const controls = (state, study) => {
    for (const node of document.querySelectorAll("[data-set-key]")) node.setAttribute("aria-pressed", String(String(state[node.dataset.setKey]) === node.dataset.value));
    for (const node of document.querySelectorAll("[data-toggle-key]")) node.setAttribute("aria-pressed", String(state[node.dataset.toggleKey].includes(node.dataset.value)));
    for (const [key, id] of Object.entries(log)) {
      explorer.field(key, state[key]);
      if (document.activeElement !== byId(id)) byId(id).value = Math.log10(state[key]);
      byId(id).setAttribute("aria-valuetext", explorer.short(state[key]));
    }
    byId("delta-control").classList.toggle("off", (explorer.lossName() !== "huber" || explorer.lossHidden()) && state.view !== "compare");
    byId("formula").textContent = study.formula;
    byId("teaches").textContent = study.terms.length ? "Dashed: the exact solution. The neuron contains it; whether training finds it is the question." : state.target === "own" ? "Your own points." : study.targets[state.target].teaches;
    byId("landscape-title").textContent = study.terms.length ? "The terms and their weighted total" : state.view === "compare" ? "Four losses, one point" : `Loss landscape L(w, b), ${explorer.lossTitle()}`;
    byId("layers-pulls").textContent = study.terms.length ? "Each term's pull" : "Each point's pull";
    const chosen = byId("more-targets").querySelector('[aria-pressed="true"]');
    byId("more-targets").querySelector("summary").textContent = chosen ? `More: ${chosen.textContent}` : "More";
    byId("arrow-scale").textContent = `Click or drag; arrow keys when focused. Arrow length: ${explorer.marks.LONGEST} px (a third of a small map) times √(m/(1+m)), m = ‖∇L‖; zero is drawn as zero.` +
      (state.layers.includes("pulls") ? ` Thin, on one scale of their own: minus each ${study.terms.length ? "term's gradient; −∇L is their sum" : "point's own gradient; −∇L is their mean"}.` : "");
  };

  const modes = (state) => {
    const root = document.documentElement;
    const dark = state.mode.includes("dark") || (!state.mode.includes("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    const wanted = [dark ? "dark" : "light", state.mode.includes("projector") ? "on" : "off"];
    if (root.dataset.theme === wanted[0] && root.dataset.projector === wanted[1]) return;
    [root.dataset.theme, root.dataset.projector] = wanted;
    byId("projector").setAttribute("aria-pressed", String(wanted[1] === "on"));
    requestAnimationFrame(() => {
      explorer.ask(explorer.query(explorer.state));
      explorer.landscape.show();
      explorer.basins.redraw();
      explorer.fit.show();
      explorer.losses.render(true);
    });
  };

  /* ---- controls to state ---- */
  const begin = () => {
    ready = true;
    for (const part of ["landscape", "fit", "losses", "tape", "step", "activity", "influence", "charts", "transport", "zoom", "basins", "descent", "limits"]) explorer[part].start();
    explorer.fit.show();
    document.addEventListener("click", clicked);
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !byId("lesson").hidden) explorer.lesson.open(false), byId("lesson-button").focus();
      if ((event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest?.("input, textarea")) event.preventDefault(), explorer.fit.undo();
    });
    for (const [key, low, high, whole] of [["w", ...limit("theta")], ["b", ...limit("theta")], ["delta", ...limit("delta")], ["weight", ...limit("weight")], ["lr", ...limit("lr")], ["steps", ...limit("steps"), true], ["batch", ...limit("batch"), true], ["seed", ...limit("seed"), true]]) typed(key, low, high, whole);
    for (const [key, id] of Object.entries(log)) slid(key, byId(id));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => explorer.render());
  };
  const limit = (name) => explorer.schema.limits[name];

  const clicked = (event) => {
    const node = event.target.closest?.("[data-set-key], [data-toggle-key], [data-download]");
    const { state } = explorer;
    if (!node) return;
    const { setKey: key, toggleKey: many, value, download } = node.dataset;
    if (download) return explorer.send("download", { query: explorer.query(state), kind: download, at: Date.now() });
    if (many) return explorer.act({ [many]: state[many].includes(value) ? state[many].filter((each) => each !== value) : [...state[many], value] }, "push");
    if (key === "target" && value === "own") return own();
    node.closest("details")?.removeAttribute("open");
    explorer.act({ [key]: typeof state[key] === "number" ? Number(value) : value });
  };

  const own = () => {
    byId("more-targets").removeAttribute("open");
    const { x, y } = explorer.data();
    explorer.act({ target: "own", points: explorer.ownPoints ?? x.map((value, i) => [value, y[i]]) });
    byId("data").setAttribute("open", "");
    byId("csv").focus();
  };

  /* A typed number: taken when finished, refused in words, never replaced silently. */
  const typed = (key, low, high, whole = false) => {
    const node = byId(key);
    const finish = () => {
      const value = node.value === "" ? NaN : Number(node.value);
      const fine = Number.isFinite(value) && value >= low && value <= high && !(whole && value % 1);
      node.setAttribute("aria-invalid", String(!fine));
      if (!fine) return note([`${key}: a ${whole ? "whole " : ""}number from ${low} to ${high} was expected${node.value === "" ? "" : `, ${node.value} came`}; ${key} stays ${explorer.state[key]}.`]);
      note([]);
      if (value !== explorer.state[key]) explorer.act({ [key]: value });
    };
    node.addEventListener("change", finish);
    node.addEventListener("keydown", (event) => event.key === "Enter" && finish());
    node.addEventListener("blur", () => { node.value = String(explorer.state[key]); node.removeAttribute("aria-invalid"); });
  };

  const slid = (key, node) => {
    const value = () => Number((10 ** Number(node.value)).toPrecision(3));
    const [low, high] = limit(key);
    const inside = () => Math.min(high, Math.max(low, value()));
    node.addEventListener("input", () => {
      explorer.act({ [key]: inside() }, "live");
    });
    node.addEventListener("change", () => explorer.act({ [key]: inside() }, "push"));
  };

  /* What is shown must not stand under other controls without a word when the server could not answer. */
  const real = window.fetch;
  window.fetch = async (...given) => {
    const failed = (why) => {
      if (!String(given[0].url ?? given[0]).includes("_dash-update-component")) return;
      // The next change asks for everything again.
      explorer.asked = {};
      if (!ready) setTimeout(explorer.reopen, 2000);
      note([ready ? `The server could not answer (${why}): what is shown may be older than the controls.` : `The server does not answer yet (${why}); trying again.`]);
    };
    const reply = await real(...given).catch((error) => {
      failed("no connection");
      throw error;
    });
    if (!reply.ok) failed(reply.status);
    return reply;
  };

  /* The address is read by the server, by the same rules on opening and on Back and Forward. */
  const open = (explorer.reopen = () => explorer.send("address", { query: location.search, at: Date.now() }));
  explorer.open = (schema) => {
    explorer.schema = schema;
    setTimeout(open);
  };
  window.addEventListener("popstate", open);
})();
