/* Plot: a Plotly graph for the axes (and the heatmap), with an SVG layer above it for everything that moves.
   Plotly needs 60-250 ms to redraw one mark over a large map; the layer needs a fraction of a frame. */
(() => {
  const explorer = (window.explorer ??= {});
  const CONFIG = { displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", responsive: true, doubleClick: false };
  /* Plotly draws no axes at all without a trace: this one has a point nowhere. */
  const NOWHERE = { type: "scatter", x: [null], y: [null], mode: "markers" };
  const PICTURE = { width: 900, height: 820, scale: 2 };

  const axis = (range, title, isBare, more) => ({
    range, title: { text: title, font: { size: explorer.isProjected() ? 24 : 15 } }, fixedrange: true, zeroline: isBare,
    gridcolor: explorer.css("--line"), zerolinecolor: explorer.css("--axis"), linecolor: explorer.css("--axis"),
    showgrid: isBare, ticks: "outside", tickcolor: explorer.css("--axis"), ...more,
  });

  /* Room for ticks and titles around the plot area, in pixels. */
  const room = () => (explorer.isProjected() ? { l: 78, r: 16, t: 10, b: 66 } : { l: 52, r: 12, t: 14, b: 50 });

  /* The margins in a holder that make a unit of y `scale` times as long as one of x: the largest plot area there is for it,
     in whole pixels, as Plotly would round it; what is left over goes to both sides. */
  const tied = ({ l, r, t, b }, [width, height], { x, y, scale }) => {
    const [across, up] = [x[1] - x[0], (y[1] - y[0]) * scale];
    const unit = Math.min((width - l - r) / across, (height - t - b) / up);
    if (!(unit > 0)) return { l, r, t, b };
    const [w, h] = [across, up].map((span) => Math.max(1, Math.floor(unit * span + 1e-6)));
    const [left, top] = [l + Math.floor((width - l - r - w) / 2), t + Math.floor((height - t - b - h) / 2)];
    return { l: left, r: width - left - w, t: top, b: height - top - h };
  };

  /* A strip needs no holder higher than its width asks for. */
  const lowest = ({ l, r, t, b }, width, { x, y, scale }) => {
    const share = ((y[1] - y[0]) * scale) / (x[1] - x[0]);
    return share < 0.98 && width > l + r ? `${Math.ceil((width - l - r) * share) + t + b}px` : "";
  };

  const layout = ({ x, y, xTitle, yTitle, traces = [], yTicks = {} }, margin) => ({
    xaxis: axis(x, xTitle, !traces.length), yaxis: axis(y, yTitle, !traces.length, yTicks),
    showlegend: false, hovermode: false, dragmode: false,
    margin,
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: explorer.css("--font"), size: explorer.isProjected() ? 22 : 14, color: explorer.css("--text") },
  });

  class Plot {
    /* A graph by its id, within the document or another root. */
    constructor(id, root = document) {
      Object.assign(this, { id, root });
      this.holder = root.querySelector(`#${CSS.escape(id)}`).closest(".plot");
      this.layer = explorer.svg("svg", { class: "layer" });
      this.holder.append(this.layer);
      this.ranges = { x: [0, 1], y: [0, 1] };
      this.scale = null;
      this.draw = () => {};
      new ResizeObserver(() => this.resized()).observe(this.holder);
    }

    /* Plotly's element; looked up again only if React has replaced it. */
    get gd() {
      if (!this.found?.isConnected) this.found = this.root.querySelector(`#${CSS.escape(this.id)} .js-plotly-plot`);
      return this.found;
    }

    /* Set axes and traces; the marks above them are drawn by this.draw on every change of size. With a `scale` a unit of y
       is that many times as long on the screen as one of x. */
    show(shown) {
      this.ranges = { x: shown.x, y: shown.y };
      Object.assign(this, { scale: shown.scale ?? null, more: 0 });
      Plotly.react(this.gd, shown.traces?.length ? shown.traces : [NOWHERE], layout(shown, this.margin()), CONFIG);
      this.marks();
    }

    /* The margins that the holder asks for as it is; what stands beside the plot learns where its area is. */
    margin() {
      const { holder, ranges, scale } = this;
      const least = room();
      least.l += this.more ?? 0;
      holder.style.maxHeight = scale ? lowest(least, holder.clientWidth, { ...ranges, scale }) : "";
      const size = [holder.clientWidth, holder.clientHeight];
      const margin = scale && size[0] ? tied(least, size, { ...ranges, scale }) : least;
      holder.parentElement.style.setProperty("--left", `${margin.l}px`);
      holder.parentElement.style.setProperty("--right", `${margin.r}px`);
      return margin;
    }

    /* More room at the left, where the ticks are wide. */
    widen(more) {
      this.more = more;
      this.refine((layout) => (layout.margin = this.margin()));
    }

    /* Show empty axes: the first drawing Plotly repeats a little later, over what was refined. */
    blank() {
      this.show({ x: [0, 1], y: [0, 1], xTitle: "", yTitle: "" });
    }

    /* Draw the axes again with something changed (relayout would let Dash draw its own). */
    refine(change) {
      const layout = structuredClone(this.gd.layout);
      change(layout);
      Plotly.react(this.gd, this.gd.data, layout);
      this.marks();
    }

    /* Let the keyboard reach the layer. */
    operated(label) {
      explorer.attributes(this.layer, { tabindex: "0", role: "application", "aria-label": label });
    }

    /* The plot area in pixels of the layer. */
    get area() {
      return this.gd?._fullLayout?._size ?? { l: 0, t: 0, w: 1, h: 1 };
    }
    px(value) {
      const [low, high] = this.ranges.x;
      return this.area.l + ((value - low) / (high - low)) * this.area.w;
    }
    py(value) {
      const [low, high] = this.ranges.y;
      return this.area.t + ((high - value) / (high - low)) * this.area.h;
    }
    /* The pixel of a point of the plane. */
    pixel([x, y]) {
      return [this.px(x), this.py(y)];
    }
    /* Exact coordinates under a pointer event: a linear map of the plot area, snapped to nothing. */
    at(event) {
      const box = this.layer.getBoundingClientRect();
      return this.value(event.clientX - box.left, event.clientY - box.top);
    }
    /* The coordinates of a pixel of the layer. */
    value(px, py) {
      const { l, t, w, h } = this.area;
      const [x0, x1] = this.ranges.x;
      const [y0, y1] = this.ranges.y;
      return [x0 + ((px - l) / w) * (x1 - x0), y1 - ((py - t) / h) * (y1 - y0)];
    }
    /* Pixels for one unit along each axis (y downwards). */
    get unit() {
      return [this.px(1) - this.px(0), this.py(1) - this.py(0)];
    }

    marks() {
      // The size is known from the observer: asking for it here would lay the page out again in every frame.
      if (!this.gd?._fullLayout || !this.width) return;
      const { l, t, w, h } = this.area;
      explorer.attributes(this.clip, { x: l, y: t, width: w, height: h });
      this.draw(this);
    }
    resized() {
      [this.width, this.height] = [this.holder.clientWidth, this.holder.clientHeight];
      explorer.attributes(this.layer, { width: this.width, height: this.height });
      if (!this.gd?._fullLayout?._size || !this.width) return;
      if (this.scale) this.gd.layout.margin = this.margin();
      Plotly.Plots.resize(this.gd).then(() => this.marks());
    }

    /* The rectangle at which marks that may leave the plot area are cut off. */
    get clip() {
      if (!this.edge) {
        this.edge = explorer.svg("rect");
        this.layer.append(explorer.svg("clipPath", { id: `clip-${this.id}` }, [this.edge]));
      }
      return this.edge;
    }
    /* A group of the layer by name, made on first use; what is in it is cut off at the plot area, unless told otherwise. */
    group(name, isClipped = true) {
      const clip = isClipped ? `url(#clip-${this.id})` : undefined;
      const group = this.layer.querySelector(`:scope > g.${name}`) ?? explorer.svg("g", { class: name, "clip-path": clip });
      if (!group.isConnected) this.layer.append(group);
      return group;
    }
    /* Put marks into a group, in the place of those before. */
    put(name, marks, isClipped = true) {
      this.group(name, isClipped).replaceChildren(...marks);
    }
  }

  explorer.Plot = Plot;
  explorer.isProjected = () => document.documentElement.dataset.projector === "on";
  /* Save a figure as a picture. */
  explorer.savePicture = ({ kind, name, figure, height }) =>
    Plotly.downloadImage({ ...figure, config: {} }, { ...PICTURE, format: kind, filename: name, height: height ?? PICTURE.height });
})();
