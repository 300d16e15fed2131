/* Fit: the curve, the targets and the residuals; the data points can be dragged, added, removed, undone. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  let plot;
  let held = null;
  let frozen = null;
  const undone = [];
  const round = (value) => Math.round(value * 1000) / 1000;

  const extent = ({ x, y }) => {
    const [low, high] = x.length ? [Math.min(...x), Math.max(...x)] : [-1, 1];
    const pad = Math.max(0.25, (high - low) * 0.2);
    const top = Math.max(1.25, ...y.map((value) => Math.abs(value) * 1.15));
    return explorer.study().terms.length ? { x: [0, 1], y: [-0.1, 1.15] } : { x: [low - pad, high + pad], y: [-top, top] };
  };

  const marks = () => {
    const { x, y } = explorer.data();
    const study = explorer.preview.of(explorer.study());
    if (!study.curve) return dots(explorer.data().x, explorer.data().y, (i) => [plot.px(explorer.data().x[i]), plot.py(explorer.data().y[i])]);
    const clip = plot.clip();
    const theta = explorer.theta();
    const [low, high] = plot.ranges.x;
    const line = (f) => explorer.pathOf(Array.from({ length: 161 }, (_, i) => {
      const at = low + ((high - low) * i) / 160;
      return [plot.px(at), plot.py(f(at))];
    }));
    const at = (i) => [plot.px(x[i]), plot.py(y[i])];
    const curve = plot.group("curve", { "clip-path": clip });
    if (study.exact) curve.append(svg("path", { d: line((t) => study.exact(t, explorer.study().facts)), class: "exact" }));
    const residuals = plot.group("residuals", { "clip-path": clip });
    if (y.length) {
      y.forEach((value, i) => {
        const [cx, cy] = at(i);
        residuals.append(svg("path", { d: explorer.pathOf([[cx, cy], [cx, plot.py(study.curve(theta, x[i]))]]),
          class: explorer.tape?.chosen() === i ? "residual chosen" : "residual" }));
      });
    }
    curve.append(svg("path", { d: line((value) => study.curve(theta, value)), class: "fitted" }));
    dots(x, y, at);
  };

  /* The dots keep their nodes, so that a dragged or focused one stays dragged and focused. */
  const dots = (x, y, at) => {
    let group = plot.layer.querySelector("g.targets");
    if (!group) plot.layer.append((group = svg("g", { class: "targets" })));
    while (group.children.length > y.length) group.lastChild.remove();
    while (group.children.length < y.length) group.append(dot(group.children.length));
    y.forEach((value, i) => {
      const node = group.children[i];
      const [cx, cy] = at(i);
      for (const circle of node.children) circle.setAttribute("cx", cx), circle.setAttribute("cy", cy);
      const name = `Point ${i + 1}: x ${x[i]}, y ${value}. Arrow keys move it, Delete removes it.`;
      if (node.getAttribute("aria-label") !== name) node.setAttribute("aria-label", name);
    });
  };

  const dot = (i) => {
    const node = svg("g", { class: "target", tabindex: "0", role: "button", "data-point": i }, [
      svg("circle", { r: 14, class: "target-reach" }), svg("circle", { r: 5.5, class: "target-dot" })]);
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || locked()) return;
      const [x, y] = points()[i];
      held = { i, from: [event.clientX, event.clientY], offset: [plot.px(x), plot.py(y)], moved: false };
      frozen = plot.ranges;
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      event.preventDefault();
      explorer.tape?.choose(i);
    });
    node.addEventListener("pointermove", (event) => held?.i === i && drag(event, "live"));
    node.addEventListener("pointerup", (event) => held?.i === i && release(event));
    node.addEventListener("pointercancel", (event) => held?.i === i && release(event));
    node.addEventListener("keydown", (event) => keys(event, i));
    return node;
  };

  /* The point moves by as much as the pointer; a press that does not move chooses it and changes nothing. */
  const drag = (event, history) => {
    const by = [event.clientX - held.from[0], event.clientY - held.from[1]];
    if (!held.moved && Math.hypot(...by) < 3) return;
    if (!held.moved) remember(), explorer.influence.begin();
    held.moved = true;
    place(held.i, plot.value(held.offset[0] + by[0], held.offset[1] + by[1]).map(round), history);
  };
  const release = (event) => {
    if (event.type === "pointercancel") held.moved && (use(points()), explorer.influence.ask(true));
    else drag(event, "push");
    [held, frozen] = [null, null];
    explorer.fit.render();
    explorer.ask(explorer.query(explorer.state));
    // Where the coarse map of the drag is already the final one, only its minima are missing.
    const { reply, asked } = explorer;
    if (reply.map?.query === asked.scene && !reply.minima) explorer.send("minima-query", { query: asked.scene });
  };

  const locked = () => explorer.study().terms.length > 0 || explorer.state.hide.includes("data");
  const points = () => { const { x, y } = explorer.data(); return x.map((value, i) => [value, y[i]]); };
  const remember = () => undone.push({ target: explorer.state.target, points: points() });
  const use = (list, history = "push") => explorer.act({ target: "own", points: list }, history);
  const limit = (value) => Math.min(explorer.schema.limits.data[1], Math.max(explorer.schema.limits.data[0], value));

  const place = (i, [x, y], history) => {
    const moved = points();
    moved[i] = [limit(x), limit(y)];
    explorer.influence.moving(i, moved[i]);
    use(moved, history);
    explorer.influence.ask(history !== "live");
  };

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const keys = (event, i) => {
    if (locked()) return;
    const step = (event.shiftKey ? 0.25 : event.altKey ? 0.001 : 0.05);
    const way = STEPS[event.key];
    if (way) {
      event.preventDefault();
      remember();
      const { x, y } = explorer.data();
      place(i, [way[0] ? round(x[i] + way[0] * step) : x[i], way[1] ? round(y[i] + way[1] * step) : y[i]], "replace");
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(i);
    }
  };

  /* The server reads the table; what is too long to send is told here. */
  const read = (text) => {
    const { characters } = explorer.schema.limits;
    if (text.length > characters) return say(`At most ${characters} characters were expected, ${text.length} came.`, true);
    explorer.send("paste", { text, at: Date.now() });
  };

  const say = (text, bad = false) => {
    const node = document.getElementById("csv-says");
    node.textContent = text;
    node.classList.toggle("bad", bad);
  };
  const add = (x, y) => {
    if (points().length >= explorer.schema.limits.points) return say(`At most ${explorer.schema.limits.points} points.`, true);
    remember();
    use([...points(), [round(limit(x)), round(limit(y))]]);
    say("Point added.");
  };
  const remove = (i) => {
    if (points().length < 2) return say("One point has to stay.", true);
    remember();
    use(points().filter((_, k) => k !== i));
    say(`Point ${i + 1} removed.`);
  };
  const undo = () => {
    const last = undone.pop();
    if (!last) return say("Nothing to undo.");
    explorer.act(last.target === "own" ? last : { target: last.target });
    say("Undone.");
  };

  let windowOf = "";
  // A table that was typed and not yet used is never overwritten.
  let typed = false;
  explorer.fit = {
    start: () => {
      plot = new explorer.Plot("fit");
      plot.draw = marks;
      plot.holder.addEventListener("dblclick", (event) => locked() || event.target.closest(".target") || add(...plot.at(event)));
      document.getElementById("csv").addEventListener("input", () => (typed = true));
      document.getElementById("csv-use").addEventListener("click", () => read(document.getElementById("csv").value));
      document.getElementById("point-add").addEventListener("click", () => add(0, 0));
      document.getElementById("point-remove").addEventListener("click", () => remove(points().length - 1));
      document.getElementById("data-undo").addEventListener("click", undo);
      document.addEventListener("paste", (event) => {
        if (event.target.closest?.("input, textarea")) return;
        const text = event.clipboardData?.getData("text") ?? "";
        if (/\d/.test(text) && !locked()) read(text);
      });
    },
    show: () => {
      plot.show({ ...(frozen ? { x: frozen.x, y: frozen.y } : extent(explorer.data())), xTitle: explorer.study().terms.length ? "time t" : "x", yTitle: explorer.study().terms.length ? "û(t)" : "y" });
    },
    /* Redraw the marks; the axes too when the data asks for others. */
    render: () => {
      const wanted = frozen ?? extent(explorer.data());
      const key = JSON.stringify([wanted.x, wanted.y, explorer.state.study]);
      if (key !== windowOf) (windowOf = key), explorer.fit.show();
      else plot.marks();
      const box = document.getElementById("csv");
      if (document.activeElement !== box && !typed) box.value = points().map((pair) => pair.join(",")).join("\n");
    },
    pasted: ({ points: found, message }) => {
      say(message, !found.length);
      if (!found.length) return;
      remember();
      typed = false;
      document.getElementById("csv").blur();
      use(found);
    },
    undo,
    dragging: () => held !== null,
  };
})();
