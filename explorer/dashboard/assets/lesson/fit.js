/* Fit: the curve, the targets and the residuals; the data points can be dragged, added, removed, undone. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const svg = (...given) => explorer.svg(...given);
  /* What an arrow key moves a data point by. */
  const STEP = 0.05;
  /* Pixels that make a press a drag. */
  const STIRS = 3;
  let plot;
  // The point that is dragged, and the axes, which stay as they are meanwhile.
  let held = null;
  let frozen = null;
  const undone = [];
  const round = (value) => Math.round(value * 1000) / 1000;

  const extent = ({ x, y }) => {
    const { fit } = explorer.preview.of();
    if (fit) return { x: fit.x, y: fit.y };
    const [low, high] = x.length ? [Math.min(...x), Math.max(...x)] : [-1, 1];
    const pad = Math.max(0.25, (high - low) * 0.2);
    const top = Math.max(1.25, ...y.map((value) => Math.abs(value) * 1.15));
    return { x: [low - pad, high + pad], y: [-top, top] };
  };

  const line = (f) => {
    const [low, high] = plot.ranges.x;
    const places = Array.from({ length: 161 }, (_, i) => low + ((high - low) * i) / 160);
    return explorer.pathOf(places.map((x) => plot.pixel([x, f(x)])));
  };

  const residual = ([x, y], i, fitted) => {
    const name = explorer.tape.chosen() === i ? "residual chosen" : "residual";
    return svg("path", { d: explorer.pathOf([plot.pixel([x, y]), plot.pixel([x, fitted])]), class: name });
  };

  const marks = () => {
    const { curve, exact } = explorer.preview.of();
    if (curve) {
      const theta = explorer.theta();
      const fitted = svg("path", { d: line((x) => curve(theta, x)), class: "fitted" });
      plot.put("curve", [...(exact ? [svg("path", { d: line((t) => exact(t, explorer.study().facts)), class: "exact" })] : []), fitted]);
      plot.put("residuals", points().map((point, i) => residual(point, i, curve(theta, point[0]))));
    }
    dots();
  };

  /* The dots keep their nodes, so that a dragged or focused one stays dragged and focused. */
  const dots = () => {
    const group = plot.group("targets", false);
    const all = points();
    while (group.children.length > all.length) group.lastChild.remove();
    while (group.children.length < all.length) group.append(dot(group.children.length));
    all.forEach(([x, y], i) => {
      const node = group.children[i];
      const [cx, cy] = plot.pixel([x, y]);
      for (const circle of node.children) explorer.attributes(circle, { cx, cy });
      const name = `Point ${i + 1}: x ${x}, y ${y}. Arrow keys move it, Delete removes it.`;
      if (node.getAttribute("aria-label") !== name) node.setAttribute("aria-label", name);
    });
  };

  const dot = (i) => {
    const node = svg("g", { class: "target", tabindex: "0", role: "button", "data-point": i }, [
      svg("circle", { r: 14, class: "target-reach" }), svg("circle", { r: 5.5, class: "target-dot" })]);
    explorer.drags(node, {
      grip: (event) => !locked() && grip(i, event),
      move: drag,
      cancel: () => {
        if (held.moved) change(points()), explorer.influence.ask(true);
        released();
      },
    });
    node.addEventListener("keydown", (event) => keys(event, i));
    return node;
  };

  const grip = (i, event) => {
    explorer.tape.choose(i);
    frozen = plot.ranges;
    held = { i, from: [event.clientX, event.clientY], offset: plot.pixel(points()[i]), moved: false };
    return held;
  };

  /* The point moves by as much as the pointer; a press that does not move chooses it and changes nothing. */
  const drag = (event, history) => {
    const by = [event.clientX - held.from[0], event.clientY - held.from[1]];
    if (!held.moved && Math.hypot(...by) >= STIRS) {
      remember();
      explorer.influence.begin();
      held.moved = true;
    }
    if (held.moved) place(held.i, plot.value(held.offset[0] + by[0], held.offset[1] + by[1]).map(round), history);
    if (history === "push") released();
  };
  const released = () => {
    [held, frozen] = [null, null];
    render();
    explorer.ask();
    // Where the coarse map of the drag is already the final one, only its minima are missing.
    const { reply, asked } = explorer;
    if (reply.map?.query === asked.scene && !reply.minima) explorer.send("minima-query", { query: asked.scene });
  };

  const locked = () => !explorer.study().own || explorer.state.hide.includes("data");
  const points = () => {
    const { x, y } = explorer.data();
    return y.map((value, i) => [x[i], value]);
  };
  const remember = () => {
    const { target, w, b, window } = explorer.state;
    undone.push({ target, w, b, window, ...(target === "own" ? { points: points() } : {}) });
  };
  const use = (list, history = "push") => explorer.act({ target: "own", points: list }, history);
  /* Data that change a little keep the window that is shown: what moves is the surface, not the eye. */
  const change = (list, history = "push") => {
    const { w, b } = explorer.window();
    explorer.act({ target: "own", points: list, window: [...w, ...b] }, history);
  };
  const limited = (point) => point.map((value) => explorer.clamp(value, explorer.schema.limits.data));

  const place = (i, point, history) => {
    const moved = points();
    moved[i] = limited(point);
    explorer.influence.moving(i, moved[i]);
    change(moved, history);
    explorer.influence.ask(history !== "live");
  };

  const keys = (event, i) => {
    if (locked()) return;
    const way = explorer.keys.way(event);
    const isRemoved = event.key === "Delete" || event.key === "Backspace";
    if (way || isRemoved) event.preventDefault();
    if (isRemoved) remove(i);
    if (!way) return;
    remember();
    place(i, points()[i].map((value, axis) => (way[axis] ? round(value + way[axis] * STEP) : value)), "replace");
  };

  /* The server reads the table; what is too long to send is told here. */
  const read = (text) => {
    const { characters } = explorer.schema.limits;
    if (text.length > characters) return say(`At most ${characters} characters were expected, ${text.length} came.`, true);
    explorer.send("paste", { text });
  };

  const say = (text, bad = false) => {
    const node = byId("csv-says");
    node.textContent = text;
    node.classList.toggle("bad", bad);
  };
  const add = (point) => {
    if (points().length >= explorer.schema.limits.points) return say(`At most ${explorer.schema.limits.points} points.`, true);
    remember();
    change([...points(), limited(point).map(round)]);
    say("Point added.");
  };
  const remove = (i) => {
    if (points().length < 2) return say("One point has to stay.", true);
    remember();
    change(points().filter((_, k) => k !== i));
    say(`Point ${i + 1} removed.`);
  };
  const undo = () => {
    const last = undone.pop();
    if (!last) return say("Nothing to undo.");
    explorer.act(last);
    say("Undone.");
  };

  let windowOf = "";
  // A table that was typed and not yet used is never overwritten.
  let typed = false;

  const show = () => {
    const { xTitle = "x", yTitle = "y" } = explorer.preview.of().fit ?? {};
    plot.show({ ...(frozen ?? extent(explorer.data())), xTitle, yTitle });
  };

  /* Redraw the marks; the axes too when the data asks for others. */
  const render = () => {
    const key = JSON.stringify([frozen ?? extent(explorer.data()), explorer.state.study]);
    if (key !== windowOf) show();
    else plot.marks();
    windowOf = key;
    const box = byId("csv");
    if (document.activeElement !== box && !typed) box.value = points().map((pair) => pair.join(",")).join("\n");
  };

  const pasted = ({ points: found, message }) => {
    say(message, !found.length);
    if (!found.length) return;
    remember();
    typed = false;
    byId("csv").blur();
    use(found);
  };

  explorer.fit = {
    start: () => {
      plot = new explorer.Plot("fit");
      plot.draw = marks;
      plot.holder.addEventListener("dblclick", (event) => locked() || event.target.closest(".target") || add(plot.at(event)));
      byId("csv").addEventListener("input", () => (typed = true));
      const buttons = {
        "csv-use": () => read(byId("csv").value), "point-add": () => add([0, 0]),
        "point-remove": () => remove(points().length - 1), "data-undo": undo,
      };
      for (const [id, press] of Object.entries(buttons)) byId(id).addEventListener("click", press);
      document.addEventListener("paste", (event) => {
        if (event.target.closest?.("input, textarea")) return;
        const text = event.clipboardData?.getData("text") ?? "";
        if (/\d/.test(text) && !locked()) read(text);
      });
      document.addEventListener("keydown", (event) => {
        const isUndo = (event.ctrlKey || event.metaKey) && event.key === "z" && !event.target.closest?.("input, textarea");
        if (isUndo) event.preventDefault(), undo();
      });
    },
    show, render, pasted, undo,
    dragging: () => held !== null,
  };
})();
