/* Maps of /slice: one store or two on one scale, and how the pointer and the keys move the point on them. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);

  /* A coordinate as it is kept: to a millionth of the window, so that an address stays short. */
  const tidy = (value, [low, high]) => {
    const digits = Math.max(0, Math.min(15, 6 - Math.floor(Math.log10(high - low))));
    return Number(Math.min(high, Math.max(low, value)).toFixed(digits));
  };
  explorer.tidy = tidy;

  /* The gradient's part in the plane: its way is that of its coordinates, its length the one it has in theta. */
  const inPlane = ({ coordinates, inPlane: length }) => {
    const size = Math.hypot(...coordinates);
    return coordinates.map((value) => (size > 0 ? (value / size) * length : 0));
  };

  /* Smoothed colors would fade into holes, between stand-ins and between kinds, where there is nothing between. */
  const sharp = (map) => map.measured < 1 || map.scale.holes > 0 || explorer.state.quantity === "status";

  /* Draw a plot's axes again with something changed (relayout would let Dash draw its own). */
  explorer.refined = (plot, change) => {
    const { gd } = plot;
    const layout = structuredClone(gd.layout);
    change(layout);
    Plotly.react(gd, gd.data, layout);
    plot.marks();
  };

  /* Its first drawing Plotly repeats a little later (the configuration is not Dash's), over what was refined. */
  explorer.begun = (plot) => plot.show({ x: [0, 1], y: [0, 1], xTitle: "", yTitle: "" });

  const TICKS = 30;
  /* Pixels of a tick's label for which the margin has room beside the title; wider ones get more of it. */
  const roomy = (plot, legend) => {
    const widths = [...plot.gd.querySelectorAll(".ytick text")].map((node) => node.getBoundingClientRect().width);
    const more = Math.max(0, Math.max(0, ...widths) - TICKS);
    if (more) explorer.refined(plot, (layout) => (layout.margin.l += more));
    legend.style.paddingLeft = more ? `${52 + more}px` : "";
  };

  class SliceMap {
    constructor(id, index) {
      this.index = index;
      this.box = document.querySelector(`[data-map="${id}"]`);
      this.plot = new explorer.Plot(id);
      this.plot.draw = () => this.marks();
      this.listen();
    }

    show(map, linked) {
      this.map = map;
      this.linked = linked;
      this.box.hidden = !map;
      this.fixed = null;
      if (!map) return;
      const ends = (points) => [points[0], points.at(-1)];
      const trace = {
        type: "heatmap", z: map.z, x: map.x, y: map.y, zmin: 0, zmax: 1, colorscale: explorer.colors.VIRIDIS,
        showscale: false, hoverinfo: "none", zsmooth: sharp(map) ? false : "fast", connectgaps: false,
      };
      this.plot.show({ x: ends(map.x), y: ends(map.y), xTitle: explorer.plain(explorer.brief(map.labels[0])), yTitle: explorer.plain(explorer.brief(map.labels[1])), traces: [trace] });
      if (document.documentElement.dataset.projector !== "on") roomy(this.plot, this.box.querySelector(".legend"));
      // Plotly makes the cells of an unsmoothed map sharp, and leaves them so when it is smoothed again.
      for (const image of this.plot.gd.querySelectorAll("image")) image.style.imageRendering = trace.zsmooth ? "auto" : "pixelated";
      this.box.querySelector(".map-title").textContent = map.name;
      explorer.colors.legend(this.box.querySelector(".legend"), map.scale);
      this.box.classList.toggle("interpolated", Boolean(this.side.evaluated));
      const says = this.box.querySelector(".says");
      const { quantity } = explorer.state;
      says.textContent = quantity === "status" ? "0 not computed, 1 evaluated, 2 interpolated, 3 failed" : says.textContent.replace(/^L,/, `${quantity},`);
    }

    marks() {
      if (!this.map || this.box.hidden) return;
      const { layers } = explorer.state;
      const plot = this.plot;
      const clip = plot.clip();
      const fixed = `${JSON.stringify(plot.area)}|${layers}|${plot.ranges.x}|${plot.ranges.y}`;
      // What does not move with the point is drawn once for a scene and size.
      if (fixed !== this.fixed) {
        this.fixed = fixed;
        plot.group("contours", { "clip-path": clip }).append(...(layers.includes("contours") ? explorer.marks.contours(plot, this.map.contours) : []));
        plot.group("points", { "clip-path": clip }).append(...(layers.includes("points") ? explorer.dots(plot, this.side) : []));
        plot.group("checkpoints", { "clip-path": clip }).append(...(layers.includes("checkpoints") ? explorer.checkpoints(plot, this.map.checkpoints) : []));
      }
      const here = this.linked ? explorer.numbers(this.index) : null;
      const arrow = layers.includes("arrow") && here?.coordinates ? explorer.marks.arrows(plot, { gradient: inPlane(here), pulls: [] }) : [];
      plot.group("arrows", { "clip-path": clip }).append(...arrow);
      plot.group("walker", { "clip-path": clip }).append(...(layers.includes("checkpoints") ? explorer.walker(plot, this.map.checkpoints) : []));
      plot.group("handle").append(...(this.linked ? explorer.marks.handle(plot) : []));
      if (!this.surface) plot.layer.append((this.surface = svg("rect", { class: "surface" })));
      const { l, t, w, h } = plot.area;
      for (const [key, value] of Object.entries({ x: l, y: t, width: w, height: h })) this.surface.setAttribute(key, value);
    }

    get side() {
      return explorer.reply.scene.sides[this.index];
    }

    /* How the grid point nearest to a place came to its value, where some were interpolated. */
    standing(at) {
      const { sizes, window: ends } = this.side;
      const snapped = at.map((value, axis) => {
        const [[low, high], last] = [ends[axis], sizes[axis] - 1];
        return low + (Math.round(((value - low) / (high - low)) * last) / last) * (high - low);
      });
      const { quantity } = explorer.state;
      const standing = quantity === "status" ? "" : explorer.standing(this.side, snapped);
      return standing && ` (${standing === "interpolated" && quantity !== "loss" ? "nearest evaluated" : standing})`;
    }

    /* The drawn value under the pointer: of the nearest grid point, so ≈. */
    hover(event) {
      if (!this.map) return;
      const { map, plot } = this;
      const at = plot.at(event);
      const cell = (value, [low, high], n) => Math.round(((value - low) / (high - low)) * (n - 1));
      const z = map.z[cell(at[1], plot.ranges.y, map.shape[0])]?.[cell(at[0], plot.ranges.x, map.shape[1])];
      const { kind, low, high } = map.scale;
      const value = kind === "log" ? low * (high / low) ** z : low + (high - low) * z;
      const clipped = z <= 0 ? "≤ " : z >= 1 ? "≥ " : "≈ ";
      this.box.querySelector(".under-pointer").textContent = z === undefined ? "" : Number.isNaN(z) ? "here: not finite" : `here ${clipped}${explorer.short(value)}${this.standing(at)}`;
    }

    listen() {
      const { layer } = this.plot;
      layer.setAttribute("tabindex", "0");
      layer.setAttribute("role", "application");
      layer.setAttribute("aria-label", this.plot.holder.dataset.label);
      const move = (event, history) => {
        const [a, b] = this.plot.at(event);
        explorer.act({ a: tidy(a, this.plot.ranges.x), b: tidy(b, this.plot.ranges.y) }, history);
      };
      explorer.drags(layer, () => this.map && this.linked, move, (event) => this.hover(event));
      layer.addEventListener("pointerleave", () => (this.box.querySelector(".under-pointer").textContent = ""));
      layer.addEventListener("keydown", (event) => explorer.steps(event, [this.plot.ranges.x, this.plot.ranges.y]));
    }
  }

  /* Press, move and release on a layer: live frames, then one commit. */
  explorer.drags = (layer, ready, move, hover = () => {}) => {
    let dragging = false;
    layer.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 || !ready()) return;
      dragging = true;
      layer.setPointerCapture(event.pointerId);
      layer.focus({ preventScroll: true });
      event.preventDefault();
      move(event, "live");
    });
    layer.addEventListener("pointermove", (event) => (dragging ? move(event, "live") : hover(event)));
    layer.addEventListener("pointerup", (event) => dragging && ((dragging = false), move(event, "push")));
    layer.addEventListener("pointercancel", () => dragging && ((dragging = false), explorer.act({}, "push")));
  };

  const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  explorer.steps = (event, windows) => {
    const way = STEPS[event.key];
    if (!way || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const share = event.altKey ? 1 / 8000 : event.shiftKey ? 1 / 32 : 1 / 160;
    const patch = {};
    windows.forEach((window, axis) => {
      const key = ["a", "b"][axis];
      if (way[axis]) patch[key] = tidy(explorer.state[key] + way[axis] * share * (window[1] - window[0]), window);
    });
    if (Object.keys(patch).length) explorer.act(patch, "replace");
  };

  let maps = [];
  explorer.maps = {
    start: () => {
      maps = ["landscape", "map-1"].map((id, i) => new SliceMap(id, i));
      maps.forEach((map) => explorer.begun(map.plot));
    },
    show: () => {
      const drawn = explorer.reply.scene?.decoded ?? [];
      document.getElementById("maps").dataset.count = drawn.length;
      const same = (map) => String(map.labels) === String(drawn[0].labels);
      maps.forEach((map, i) => map.show(drawn[i], drawn[i] && same(drawn[i])));
    },
    marks: () => maps.forEach((map) => map.plot.marks()),
  };
})();
