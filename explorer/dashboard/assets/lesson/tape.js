/* Tape: what autograd recorded from (w, b) to L, walked forward and backward one step at a time. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);
  const SYMBOL = { z: "z", yhat: "ŷ", r: "r", ell: "ℓ", L: "L" };
  const FORMULA = { z: "w·x + b", yhat: "tanh z", r: "ŷ − y", ell: "ℓ(r)", L: "mean ℓ" };
  let chosen = null;
  let at = null;

  const make = (name, properties = {}, children = []) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };
  explorer.make = make;

  const list = (values) => (values.length > 3 ? `${values.slice(0, 3).map(short).join(", ")}, … (${values.length})` : values.map(short).join(", "));
  const said = (value, i) => (Array.isArray(value) ? (i === null ? list(value) : short(value[i])) : short(value));

  /* The steps: forward through the stages, backward through them, then into w and b. */
  const steps = (tape) => [...tape.map((_, k) => ["forward", k]), ...tape.map((_, k) => ["backward", tape.length - 1 - k]), ["backward", -1]];

  const render = () => {
    const reply = explorer.reply.point;
    if (!reply?.tape || explorer.stale()) return;
    const { tape } = reply;
    const { x } = explorer.data();
    if (chosen !== null && chosen >= x.length) chosen = null;
    const all = steps(tape);
    const now = at ?? all.length - 1;
    const seen = (way, k) => all.findIndex(([w, j]) => w === way && j === k) <= now;
    points(x.length);
    byId("tape").replaceChildren(...nodes(tape, reply, seen, all[now]));
    byId("tape-step").textContent = at === null ? "forward and backward, all shown" : `step ${now + 1} of ${all.length}: ${describe(tape, all[now])}`;
    byId("chain").replaceChildren(chain(reply, x));
    byId("vector").textContent = `ℓ.backward() on the vector of the points' losses: ${reply.vector} ` +
      "A gradient belongs to one number; averaging (or summing) the losses makes the scalar L that training walks on.";
  };

  const describe = (tape, [way, k]) =>
    k < 0 ? "backward reaches w and b" : way === "forward" ? `forward computes ${SYMBOL[tape[k].name]} = ${FORMULA[tape[k].name]}` : `backward computes ∂L/∂${SYMBOL[tape[k].name]} (${tape[k].grad_fn})`;

  const nodes = (tape, reply, seen, [way, k]) => {
    const box = (symbol, formula, value, backward, fn, shown, current) =>
      make("div", { className: `node${current ? " current" : ""}` }, [
        make("strong", { textContent: symbol }), make("span", { className: "formula", textContent: formula }),
        make("span", { className: "forward", textContent: shown[0] ? value : "…" }),
        make("span", { className: "backward", textContent: shown[1] ? backward : "…" }), make("code", { textContent: fn })]);
    const { w, b } = explorer.state;
    const leaf = box("w, b", "leaves", `${short(w)}, ${short(b)}`, `∂L/∂w ${short(reply.gradient[0])}; ∂L/∂b ${short(reply.gradient[1])}`, "AccumulateGrad", [true, seen("backward", -1)], way === "backward" && k === -1);
    return [leaf, ...tape.map((stage, j) => box(SYMBOL[stage.name], FORMULA[stage.name], said(stage.value, chosen),
      `∂L/∂${SYMBOL[stage.name]} ${said(stage.backward, chosen)}`, stage.grad_fn, [seen("forward", j), seen("backward", j)], j === k))];
  };

  /* The chain rule multiplied out: one product for the chosen point, or all of them and their sum. */
  const chain = (reply, x) => {
    const stage = Object.fromEntries(reply.tape.map((each) => [each.name, each]));
    const n = x.length;
    const product = (i) => (1 / n) * stage.r.local[i] * stage.yhat.local[i] * stage.z.local[i];
    const differences = `Central differences of L: ${short(reply.differences[0])}, ${short(reply.differences[1])}.`;
    const heading = ["x", "1/N", "ℓ′(r)", "∂r/∂ŷ", "∂ŷ/∂z = 1 − ŷ²", "∂z/∂w = x", "product (∂L/∂w)", "product (∂L/∂b)"];
    const rows = (chosen === null ? x.map((_, i) => i) : [chosen]).map((i) =>
      [x[i], 1 / n, stage.r.local[i], stage.yhat.local[i], stage.z.local[i], x[i], product(i) * x[i], product(i)].map(short));
    const sum = [0, 1].map((axis) => x.reduce((total, value, i) => total + product(i) * (axis ? 1 : value), 0));
    const table = explorer.table([heading, ...rows]);
    const others = chosen === null ? "Sum of all rows" : `Point ${chosen + 1} of ${n}; the sum over all ${n} points`;
    const text = `${others}: ∂L/∂w = ${short(sum[0])}, ∂L/∂b = ${short(sum[1])}; backward() wrote ${short(reply.gradient[0])}, ${short(reply.gradient[1])}. ${differences}`;
    const said = make("p", { textContent: text });
    Object.assign(said.dataset, { sumW: sum[0], sumB: sum[1] });
    return make("div", { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Chain rule" }, [table, said]);
  };

  explorer.table = ([heading, ...rows]) =>
    make("table", {}, [make("thead", {}, [make("tr", {}, heading.map((text) => make("th", { textContent: text, scope: "col" })))]),
      make("tbody", {}, rows.map((row) => make("tr", {}, row.map((text) => make("td", { textContent: text })))))]);

  const points = (n) => {
    const holder = byId("tape-points");
    if (holder.children.length !== n + 1) {
      const buttons = ["all points", ...Array.from({ length: n }, (_, i) => String(i + 1))].map((text, k) =>
        make("button", { type: "button", textContent: text, onclick: () => choose(k ? k - 1 : null) }));
      holder.replaceChildren(...buttons);
    }
    [...holder.children].forEach((node, k) => node.setAttribute("aria-pressed", String((k ? k - 1 : null) === chosen)));
  };

  const choose = (i) => {
    chosen = i;
    explorer.render();
  };
  const walk = (by) => {
    const reply = explorer.reply.point;
    if (!reply?.tape) return;
    const last = steps(reply.tape).length - 1;
    at = Math.max(0, Math.min(last, at === null ? (by > 0 ? 0 : last - 1) : at + by));
    render();
  };

  explorer.tape = {
    start: () => {
      byId("tape-back").addEventListener("click", () => walk(-1));
      byId("tape-forward").addEventListener("click", () => walk(1));
      byId("tape-all").addEventListener("click", () => ((at = null), render()));
    },
    render,
    choose,
    chosen: () => (explorer.study().terms.length ? null : chosen),
  };
})();
