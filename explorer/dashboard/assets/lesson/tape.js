/* Tape: what autograd recorded from (w, b) to L, walked forward and backward one step at a time. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);
  let chosen = null;
  let at = null;

  const make = (...given) => explorer.make(...given);

  /* What the study's script tells of the tape; a stage that it does not name is called by its name. */
  const written = () => explorer.preview.of().tape ?? {};
  const stageOf = (name) => written().stages?.[name] ?? { symbol: name, formula: "" };

  const list = (values) => values.slice(0, 3).map(short).join(", ") + (values.length > 3 ? `, … (${values.length})` : "");
  const said = (value, i) => {
    if (!Array.isArray(value)) return short(value);
    return i === null ? list(value) : short(value[i]);
  };

  /* The steps: forward through the stages, backward through them, then into w and b. */
  const steps = (tape) => {
    const stages = [...tape.keys()];
    return [...stages.map((k) => ["forward", k]), ...stages.reverse().map((k) => ["backward", k]), ["backward", -1]];
  };

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
    const step = `step ${now + 1} of ${all.length}: ${describe(tape, all[now])}`;
    byId("tape-step").textContent = at === null ? "forward and backward, all shown" : step;
    byId("chain").replaceChildren(...(written().factors ? [chain(reply, x)] : []));
    byId("vector").textContent = `ℓ.backward() on the vector of the points' losses: ${reply.vector} ` +
      "A gradient belongs to one number; averaging (or summing) the losses makes the scalar L that training walks on.";
  };

  const describe = (tape, [way, k]) => {
    if (k < 0) return "backward reaches w and b";
    const { symbol, formula } = stageOf(tape[k].name);
    return way === "forward" ? `forward computes ${symbol} = ${formula}` : `backward computes ∂L/∂${symbol} (${tape[k].grad_fn})`;
  };

  /* One box of the tape: a quantity, its formula, its value, what backward has found for it, and by which function. */
  const box = ({ symbol, formula, forward = "…", backward = "…", made, isCurrent }) =>
    make("div", { className: `node${isCurrent ? " current" : ""}` }, [
      make("strong", { textContent: symbol }), make("span", { className: "formula", textContent: formula }),
      make("span", { className: "forward", textContent: forward }),
      make("span", { className: "backward", textContent: backward }), make("code", { textContent: made })]);

  const nodes = (tape, { gradient: [dw, db] }, seen, [, current]) => {
    const leaves = box({
      symbol: "w, b", formula: "leaves", made: "AccumulateGrad", isCurrent: current === -1,
      forward: explorer.theta().map(short).join(", "),
      backward: seen("backward", -1) ? `∂L/∂w ${short(dw)}; ∂L/∂b ${short(db)}` : undefined,
    });
    return [leaves, ...tape.map(({ name, value, backward, grad_fn: made }, k) => box({
      ...stageOf(name), made, isCurrent: k === current,
      forward: seen("forward", k) ? said(value, chosen) : undefined,
      backward: seen("backward", k) ? `∂L/∂${stageOf(name).symbol} ${said(backward, chosen)}` : undefined,
    }))];
  };

  /* The chain rule multiplied out: one product for the chosen point, or all of them and their sum. */
  const chain = (reply, x) => {
    const { factors, leaf, leaves } = written();
    const local = Object.fromEntries(reply.tape.map((each) => [each.name, each.local]));
    const n = x.length;
    const terms = (i) => [1 / n, ...Object.keys(factors).map((name) => local[name][i])];
    const products = (i) => leaves(x[i]).map((each) => terms(i).reduce((product, term) => product * term) * each);
    const differences = `Central differences of L: ${short(reply.differences[0])}, ${short(reply.differences[1])}.`;
    const heading = ["x", "1/N", ...Object.values(factors), leaf, "product (∂L/∂w)", "product (∂L/∂b)"];
    const rows = (chosen === null ? x.map((_, i) => i) : [chosen]).map((i) =>
      [x[i], ...terms(i), leaves(x[i])[0], ...products(i)].map(short));
    const [sumW, sumB] = [0, 1].map((axis) => x.reduce((total, _, i) => total + products(i)[axis], 0));
    const others = chosen === null ? "Sum of all rows" : `Point ${chosen + 1} of ${n}; the sum over all ${n} points`;
    const wrote = `backward() wrote ${reply.gradient.map(short).join(", ")}.`;
    const textContent = `${others}: ∂L/∂w = ${short(sumW)}, ∂L/∂b = ${short(sumB)}; ${wrote} ${differences}`;
    const said = make("p", { textContent });
    Object.assign(said.dataset, { sumW, sumB });
    const region = { className: "scroll", tabIndex: 0, role: "region", ariaLabel: "Chain rule" };
    return make("div", region, [explorer.table([heading, ...rows]), said]);
  };

  const points = (n) => {
    const holder = byId("tape-points");
    if (holder.children.length !== n + 1) {
      const buttons = ["all points", ...Array.from({ length: n }, (_, i) => String(i + 1))].map((text, k) =>
        make("button", { type: "button", textContent: text, onclick: () => choose(k ? k - 1 : null) }));
      holder.replaceChildren(...buttons);
    }
    [...holder.children].forEach((node, k) => explorer.controls.press(node, (k ? k - 1 : null) === chosen));
  };

  const choose = (i) => {
    chosen = i;
    explorer.render();
  };
  const walk = (by) => {
    const reply = explorer.reply.point;
    if (!reply?.tape) return;
    const last = steps(reply.tape).length - 1;
    const from = by > 0 ? -1 : last;
    at = explorer.clamp((at ?? from) + by, [0, last]);
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
