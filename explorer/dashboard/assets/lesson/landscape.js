/* Landscape: the maps: where they are drawn, and how the pointer and the keys move the point on them. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);

  class LandscapeMap {
    constructor(id, index) {
      this.index = index;
      this.box = document.querySelector(`[data-map="${id}"]`);
      this.plot = new explorer.Plot(id);
      this.plot.draw = () => this.marks();
      this.listen();
    }

    show(map, window, labels) {
      this.map = map;
      this.box.hidden = !map;
      if (!map) return;
      const [x, y] = labels.map((label) => window[label]);
      const [height, width] = map.shape;
      const trace = {
        type: "heatmap", z: map.z, x0: x[0], dx: (x[1] - x[0]) / (width - 1), y0: y[0], dy: (y[1] - y[0]) / (height - 1),
        zmin: 0, zmax: 1, colorscale: explorer.colors.VIRIDIS, showscale: false, hoverinfo: "none", zsmooth: "fast", connectgaps: false,
      };
      this.plot.show({ x, y, xTitle: labels[0] === "w" ? "weight w" : labels[0], yTitle: labels[1] === "b" ? "bias b" : labels[1], traces: [trace] });
      this.box.querySelector(".map-title").textContent = explorer.race.title(this.index) ?? title(map.name);
      explorer.colors.legend(this.box.querySelector(".legend"), map.scale);
    }

    marks() {
      if (!this.map || this.box.hidden) return;
      const { state } = explorer;
      const plot = this.plot;
      const clip = plot.clip();
      const predicting = explorer.activity.drawing();
      const fixed = `${predicting}|${this.map.name}|${this.map.contours.length}|${JSON.stringify(plot.area)}|${state.layers}|${plot.ranges.x}|${plot.ranges.y}|${explorer.reply.serial}`;
      // What does not move with the point is drawn once for a scene and size.
      if (fixed !== this.fixed) {
        this.fixed = fixed;
        plot.group("field", { "clip-path": clip }).append(...(state.layers.includes("field") && !predicting ? explorer.marks.field(plot) : []));
        plot.group("contours", { "clip-path": clip }).append(...(state.layers.includes("contours") ? explorer.marks.contours(plot, this.map.contours) : []));
        plot.group("kinks", { "clip-path": clip }).append(...(state.layers.includes("kinks") ? explorer.marks.kinks(plot) : []));
        plot.group("minima", { "clip-path": clip }).append(...(state.layers.includes("minima") ? explorer.marks.minima(plot, this.index) : []));
      }
      explorer.influence.draw(this);
      explorer.paths.draw(this);
      plot.group("trail", { "clip-path": clip }).append(...explorer.marks.trail(plot));
      const here = explorer.numbers(this.map.name);
      plot.group("ellipse", { "clip-path": clip }).append(...(state.layers.includes("ellipse") ? explorer.marks.ellipse(plot) : []));
      // While a direction is to be predicted the exercise decides what is seen; afterwards guess and truth together.
      const hidden = explorer.activity.hidesArrow() ?? state.hide.includes("arrow");
      plot.group("arrows", { "clip-path": clip }).append(...(hidden ? [] : explorer.marks.arrows(plot, here)), ...explorer.marks.guess(plot));
      plot.group("handle").append(...explorer.marks.handle(plot));
      if (!this.surface) plot.layer.append((this.surface = svg("rect", { class: "surface" })));
      const { l, t, w, h } = plot.area;
      for (const [key, value] of Object.entries({ x: l, y: t, width: w, height: h })) this.surface.setAttribute(key, value);
    }

    /* The drawn value under the pointer: of the nearest grid point, so ≈. */
    hover(event) {
      const { map, plot } = this;
      if (!map) return;
      const [w, b] = plot.at(event);
      const cell = (value, [low, high], n) => Math.round(((value - low) / (high - low)) * (n - 1));
      const [row, column] = [cell(b, plot.ranges.y, map.shape[0]), cell(w, plot.ranges.x, map.shape[1])];
      const z = map.z[row]?.[column];
      const { kind, low, high } = map.scale;
      const value = kind === "log" ? low * (high / low) ** z : low + (high - low) * z;
      const clipped = z <= 0 ? "≤ " : z >= 1 ? "≥ " : "≈ ";
      this.box.querySelector(".under-pointer").textContent = z === undefined ? "" : Number.isNaN(z) ? "here: not finite" : `here ${clipped}${explorer.short(value)}`;
    }

    listen() {
      const { layer } = this.plot;
      layer.setAttribute("tabindex", "0");
      layer.setAttribute("role", "application");
      layer.setAttribute("aria-label", this.plot.holder.dataset.label);
      let dragging = false;
      let drawing = false;
      const move = (event, history) => {
        const { x, y } = this.plot.ranges;
      const [w, b] = this.plot.at(event).map((value, i) => explorer.zoom.round(value, [x, y][i]));
        const inside = (value, [low, high]) => Math.min(high, Math.max(low, value));
        if (drawing) return explorer.activity.draw(this.plot, event, history);
        explorer.act({ w: inside(w, this.plot.ranges.x), b: inside(b, this.plot.ranges.y) }, history);
      };
      layer.addEventListener("pointerdown", (event) => {
        if (event.button !== 0 || !this.map) return;
        dragging = true;
        drawing = explorer.activity.drawing();
        layer.setPointerCapture(event.pointerId);
        layer.focus({ preventScroll: true });
        event.preventDefault();
        move(event, "live");
      });
      layer.addEventListener("pointermove", (event) => (dragging ? move(event, "live") : this.hover(event)));
      layer.addEventListener("pointerleave", () => (this.box.querySelector(".under-pointer").textContent = ""));
      layer.addEventListener("pointerup", (event) => dragging && ((dragging = false), move(event, "push")));
      layer.addEventListener("pointercancel", () => dragging && ((dragging = false), explorer.act({}, "push")));
      layer.addEventListener("keydown", (event) => keys(event, this.plot));
      explorer.zoom.listen(this.plot);
    }
  }

  const title = (name) => {
    if (name === "total") return "Total: λ·L_ic + L_pde";
    if (name === "ic") return "L_ic: the initial condition";
    if (name === "pde") return "L_pde: the equation";
    return explorer.lossTitle(name);
  };

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  /* How far an arrow key moves the point, in shares of a window's width and height; null for any other key. */
  explorer.arrowStep = (event) => {
    const way = STEPS[event.key];
    if (!way || event.ctrlKey || event.metaKey) return null;
    event.preventDefault();
    const share = event.altKey ? 1 / 8000 : event.shiftKey ? 1 / 32 : 1 / 160;
    return way.map((each) => each * share);
  };
  const keys = (event, plot) => {
    if (explorer.activity.drawing() && (event.key in STEPS || event.key === "Enter")) return event.preventDefault(), explorer.activity.turn(plot, event);
    if (event.key === "Enter") return event.preventDefault(), explorer.step.take();
    if (event.key === "Backspace") return event.preventDefault(), explorer.step.undo();
    if (explorer.zoom.key(event)) return;
    const way = explorer.arrowStep(event);
    if (!way) return;
    const { x, y } = plot.ranges;
    const to = (value, by, [low, high]) => Math.min(high, Math.max(low, explorer.zoom.round(value + by * (high - low), [low, high])));
    explorer.act({ w: to(explorer.state.w, way[0], x), b: to(explorer.state.b, way[1], y) }, "replace");
  };

  /* ---- all maps ---- */
  let maps = [];
  let shown = null;
  let weight = null;
  let raced = "";
  const race = () => (explorer.race.on() ? explorer.paths.list().map(({ title, lr }) => title + lr).join() : "");
  explorer.landscape = {
    start: () => (maps = ["landscape", "map-1", "map-2", "map-3"].map((id, i) => new LandscapeMap(id, i))),
    /* Draw the maps of the last reply (or redraw them for another theme, size or weight). */
    show: () => {
      const { reply } = explorer;
      if (!reply.map || reply.mapStudy !== explorer.state.study) return;
      if (shown?.source !== reply.map) shown = { source: reply.map, decoded: reply.map.maps.map(explorer.colors.decode) };
      weight = explorer.state.weight;
      raced = race();
      const drawn = explorer.study().terms.length ? [explorer.colors.total(shown.decoded, explorer.state.weight), ...shown.decoded] : shown.decoded;
      const each = explorer.race.maps(drawn);
      const holder = document.getElementById("maps");
      holder.dataset.count = each.length;
      maps.forEach((map, i) => map.show(each[i], reply.map.window, explorer.study().labels));
    },
    maps: () => maps.filter((map) => map.map),
    marks: () => ((explorer.study().terms.length && weight !== explorer.state.weight) || raced !== race() ? explorer.landscape.show() : maps.forEach((map) => map.plot.marks())),
    refresh: () => maps.forEach((map) => ((map.fixed = null), map.plot.marks())),
  };
})();
