/* Map: a plane in colors with a point on it, which pointer and keys move; the value under the pointer is told. */
(() => {
  const explorer = (window.explorer ??= {});
  /* A strip may be so many times as long as it is high. */
  const LONGEST = 4;

  class PlaneMap {
    /* A map in a box with a graph and a legend. What it does is the page's: draw(map) puts its marks; grip() says what a
       press takes hold of; move(point, history, event, held) and keys(event, map) change the state; suffix(point) is what
       follows the value under the pointer, and said(z, point) the whole of it where it is no color of viridis. */
    constructor(id, box, deeds) {
      Object.assign(this, { box, suffix: () => "", ...deeds, plot: new explorer.Plot(id, deeds.root) });
      this.under = box.querySelector(".under-pointer");
      this.plot.draw = () => this.shown && !box.hidden && this.redraw();
      this.listen();
    }

    /* Show codes z [rows upwards, columns] in [0, 1] with a scale, over `place`, in axes; null empties the map. */
    show(shown, place, axes, more = {}) {
      this.shown = shown;
      this.box.hidden = !shown;
      if (!shown) return;
      const trace = {
        type: "heatmap", z: shown.z, ...place, zmin: 0, zmax: 1, colorscale: explorer.colors.VIRIDIS,
        showscale: false, hoverinfo: "none", zsmooth: "fast", connectgaps: false, ...more,
      };
      this.plot.show({ ...axes, traces: [trace] });
    }

    redraw() {
      this.draw(this);
      // Above everything, so that a press anywhere on the map takes hold of the point.
      this.surface ??= this.plot.layer.appendChild(explorer.svg("rect", { class: "surface" }));
      const { l, t, w, h } = this.plot.area;
      explorer.attributes(this.surface, { x: l, y: t, width: w, height: h });
    }

    /* The drawn value under the pointer: of the nearest grid point, so ≈. */
    hover(event) {
      if (!this.shown) return;
      const at = this.plot.at(event);
      const { x, y } = this.plot.ranges;
      const cell = (value, [low, high], n) => Math.round(((value - low) / (high - low)) * (n - 1));
      const z = this.shown.z[cell(at[1], y, this.shown.shape[0])]?.[cell(at[0], x, this.shown.shape[1])];
      this.under.textContent = z === undefined ? "" : this.said(z, at);
    }

    said(z, at) {
      if (Number.isNaN(z)) return "here: not finite";
      const sign = z <= 0 ? "≤" : z >= 1 ? "≥" : "≈";
      return `here ${sign} ${explorer.short(explorer.colors.valueAt(z, this.shown.scale))}${this.suffix(at)}`;
    }

    listen() {
      const { layer, holder } = this.plot;
      this.plot.operated(holder.dataset.label);
      explorer.drags(layer, {
        grip: () => this.shown && this.grip(),
        move: (event, history, held) => this.move(this.plot.at(event), history, event, held),
        hover: (event) => this.hover(event),
      });
      layer.addEventListener("pointerleave", () => (this.under.textContent = ""));
      layer.addEventListener("keydown", (event) => this.keys(event, this));
    }
  }

  /* Where the columns and rows of a map lie whose outer ones are at the ends of its axes. */
  explorer.evenly = ([x0, x1], [y0, y1], [height, width]) =>
    ({ x0, dx: (x1 - x0) / (width - 1), y0, dy: (y1 - y0) / (height - 1) });
  /* How many times as long on the screen as a unit of the first axis one of the second is, so that lengths and angles are
     those in θ: `lengths` are those of the axes' directions; null where the map would become a thread. */
  explorer.unitsAlike = ([first, second], ends) => {
    const spans = ends.map(([low, high], i) => (high - low) * [first, second][i]);
    return Math.max(...spans) <= LONGEST * Math.min(...spans) ? second / first : null;
  };
  explorer.PlaneMap = PlaneMap;
})();
