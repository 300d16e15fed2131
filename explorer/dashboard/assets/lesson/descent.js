/* Descent: the card: which optimizers walk and at which rates, and what became of each. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);
  const svg = (...given) => explorer.svg(...given);
  const make = (...given) => explorer.make(...given);
  let drawn = "";
  let walked = "";
  let waiting = false;

  const limits = () => explorer.schema.limits.lr;
  const rounded = (rate) => explorer.clamp(Number(rate.toPrecision(3)), limits());
  const swatch = (style) => svg("svg", { class: "swatch", width: 30, height: 10, "aria-hidden": "true" },
    ["casing walk", "walk"].map((name) => svg("path", { d: "M2,5H28", class: `${name} trace-${style}` })));

  /* ---- choosing ---- */
  const chips = () => {
    const holder = byId("optimizers");
    const { optimizers } = explorer.study();
    const shown = explorer.paths.list();
    if (holder.dataset.study !== explorer.state.study) {
      holder.dataset.study = explorer.state.study;
      holder.replaceChildren(...Object.entries(optimizers).map(([name, title]) =>
        make("button", { type: "button", className: "chip", id: `opt-${name}`, onclick: () => toggle(name) }, [make("span"), title])));
    }
    for (const node of holder.children) {
      const mine = shown.filter(({ name }) => node.id === `opt-${name}`);
      explorer.controls.press(node, mine.length > 0);
      node.firstChild.replaceChildren(...mine.map(({ style }) => swatch(style)));
    }
  };
  const choose = (opt) => explorer.act({ opt, at: -1 });
  /* Whether there is room for one path more; if not, it is said. */
  const hasRoom = () => {
    const most = explorer.schema.limits.paths;
    const isFull = explorer.state.opt.length >= most;
    if (isFull) say(`At most ${most} paths: take one away first.`);
    return !isFull;
  };
  const toggle = (name) => {
    const { opt } = explorer.state;
    const left = opt.filter((item) => item.split("@")[0] !== name);
    if (left.length < opt.length) choose(left);
    else if (hasRoom()) choose([...opt, name]);
  };

  /* ---- the rows ---- */
  const HEADING = ["Optimizer and rate", "Loss here", "Final loss", "Steps to 1e−8", "Outcome", "More"];
  const rows = (shown) => {
    const best = Math.min(...shown.map(({ reply }) => final(reply) ?? Infinity));
    return make("table", {}, [
      make("thead", {}, [make("tr", {}, HEADING.map((text) => make("th", { textContent: text, scope: "col" })))]),
      make("tbody", {}, shown.map((entry, i) => row(entry, i, best))),
    ]);
  };
  const final = (reply) => reply?.losses?.at(-1);
  const row = (entry, i, best) => {
    const { reply, title, style, item } = entry;
    const cell = (content, className = "") => make("td", { className }, [content]);
    const end = final(reply);
    const node = make("tr", {}, [
      make("th", { scope: "row" }, [swatch(style), title, rate(entry, i)]),
      cell("…", "here"),
      cell(end === undefined ? "…" : end === null ? "not finite" : short(end), end !== undefined && end === best ? "best" : ""),
      cell(!reply?.thetas ? "…" : reply.reached === null ? "not reached" : String(reply.reached)),
      cell(outcome(reply, i), reply?.outcome === "diverged" ? "bad" : ""),
      cell(actions(entry, i)),
    ]);
    node.dataset.item = item;
    return node;
  };
  const KINDS = { plateau: "on a plateau", saddle: "at a saddle", stopped: "…", noise: "noise", chatter: "chatters",
    overshoots: "overshoots", stalled: "stalled", slow: "slow", trough: "in a trough", falling: "still falling" };
  const outcome = (reply, i) => {
    if (!reply) return "…";
    if (reply.refused) return "refused";
    const kind = explorer.paths.why()?.paths[i].kind ?? reply.outcome;
    const end = `at step ${reply.thetas.length - 1}`;
    if (kind !== "converged") return KINDS[kind] ?? `${kind} ${end}`;
    // A lower minimum is known elsewhere; or as near as the exercises ask for, its gradient not faded before the end.
    const word = reply.reached === null ? "at rest" : "arrived";
    return reply.outcome === "stopped" ? word : `${word} ${end}`;
  };
  const rate = ({ lr, title }, i) => {
    const said = make("output", { textContent: short(lr) });
    const [min, max] = limits().map(Math.log10);
    const ariaLabel = `Rate of ${title}`;
    const node = make("input", { type: "range", min, max, step: 0.01, value: Math.log10(lr), ariaLabel, id: `rate-${i}` });
    const value = () => rounded(10 ** Number(node.value));
    node.setAttribute("aria-valuetext", short(lr));
    node.addEventListener("input", () => {
      said.textContent = short(value());
      node.setAttribute("aria-valuetext", short(value()));
    });
    node.addEventListener("change", () => rerate(i, value()));
    return make("span", { className: "rate" }, [node, said]);
  };
  const rerate = (i, lr) => {
    const opt = [...explorer.state.opt];
    opt[i] = `${opt[i].split("@")[0]}@${lr}`;
    if (opt.indexOf(opt[i]) === opt.lastIndexOf(opt[i])) choose(opt);
    else say("That optimizer walks at that rate already.");
  };
  /* Half the rate, and half of that, until there is one that does not walk yet. */
  const another = (name, lr, i) => {
    const { opt } = explorer.state;
    const at = (rate) => `${name}@${rounded(rate)}`;
    let next = lr / 2;
    while (opt.includes(at(next)) && next > limits()[0]) next /= 2;
    if (hasRoom()) choose([...opt.slice(0, i + 1), at(next), ...opt.slice(i + 1)]);
  };
  const actions = ({ name, lr, title }, i) => {
    const button = (textContent, label, onclick) =>
      make("button", { type: "button", textContent, ariaLabel: `${label} ${title} ${short(lr)}`, title: label, onclick });
    return make("span", { className: "segmented more" }, [
      button("+", "Another rate of", () => another(name, lr, i)),
      button("{ }", "Copy the program of", (event) => copy(i, event.target)),
      button("×", "Take away", () => choose(explorer.state.opt.filter((_, k) => k !== i))),
    ]);
  };
  const copy = (i, button) => {
    program(i);
    explorer.copy(byId("training-code").textContent, button, byId("training-code"));
  };
  const program = (i) => {
    byId("training-code").textContent = explorer.paths.why()?.paths[i]?.program ?? "";
    byId("training").hidden = !byId("training-code").textContent;
  };

  const say = (...texts) => byId("descent-live").replaceChildren(...texts.map((textContent) => make("p", { textContent })));

  /* In words, once all are there: how each ended. */
  const summary = (shown) => {
    if (!shown.length) return ["Choose optimizers: each walks down from the point, with torch.optim's own steps."];
    const why = explorer.paths.why();
    if (!why || shown.some(({ reply }) => !reply)) return ["Walking…"];
    return shown.map(({ title, lr }, i) => `${title} ${short(lr)}: ${why.paths[i].sentence}`);
  };

  /* ---- drawing ---- */
  const render = (moves = false) => {
    for (const key of ["steps", "batch", "seed"]) explorer.controls.field(key, explorer.state[key]);
    const shown = explorer.paths.list();
    const there = shown.map(({ key, style, reply }) => [key, style, Boolean(reply)]);
    const wanted = JSON.stringify([explorer.state.view, there, Boolean(explorer.paths.why())]);
    if (wanted === drawn) return moves || explorer.transport.render();
    drawn = wanted;
    // Other paths end the playing; one more that arrives, or its reason, does not.
    const keys = shown.map(({ key }) => key).join(" ");
    if (keys !== walked) explorer.transport.stop();
    walked = keys;
    for (const id of ["transport", "walks"]) byId(id).hidden = !shown.length;
    explorer.race.render();
    chips();
    if (!moves) results(shown);
    explorer.charts.draw();
    explorer.transport.render();
  };
  const results = (shown) => {
    const held = document.activeElement?.closest?.("#results") && document.activeElement.id;
    byId("results").replaceChildren(...(shown.length ? [rows(shown)] : []));
    if (held) byId(held)?.focus();
    say(...summary(shown));
    program(0);
  };
  const fit = () => {
    const places = explorer.paths.list().flatMap(({ reply }) => reply?.thetas ?? []);
    explorer.zoom.fit(places.filter(([w, b]) => w !== null && b !== null));
  };

  explorer.descent = {
    start: () => byId("fit-view").addEventListener("click", fit),
    render, swatch,
    /* Where a path leaves the window, the window can be fitted to all. */
    fits: () => (byId("fit-view").hidden = !explorer.paths.leaving().length),
    /* A path has come: first it is drawn; table and charts wait until it has been painted, and for others meanwhile. */
    arrived: () => {
      for (const map of explorer.landscape.maps()) explorer.paths.draw(map);
      if (waiting) return;
      waiting = true;
      const told = () => {
        waiting = false;
        render();
      };
      // In a hidden tab nothing is painted.
      if (document.hidden) told();
      else requestAnimationFrame(() => setTimeout(told));
    },
    /* What the table says of the transport's step. */
    place: (step) => {
      const shown = explorer.paths.list();
      [...byId("results").querySelectorAll("tbody tr")].forEach((node, i) => {
        const losses = shown[i]?.reply?.losses;
        const text = losses ? short(losses[Math.min(step, losses.length - 1)] ?? Infinity) : "…";
        const cell = node.querySelector(".here");
        if (cell.textContent !== text) cell.textContent = text;
      });
    },
  };
})();
