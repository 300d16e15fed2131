/* Plot: a Plotly graph for the axes (and the heatmap), with an SVG layer above it for everything that moves.
   Plotly needs 60-250 ms to redraw one mark over a large map; the layer needs a fraction of a frame. */
(() => {
  const explorer = (window.explorer ??= {});
  const SVG = "http://www.w3.org/2000/svg";
  const CONFIG = { displayModeBar: false, showSendToCloud: false, plotlyServerURL: "", responsive: true, doubleClick: false };

  explorer.svg = (name, attributes = {}, children = []) => {
    const node = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) if (value !== undefined) node.setAttribute(key, value);
    node.append(...children);
    return node;
  };

  explorer.css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

  class Plot {
    constructor(id) {
      this.id = id;
      this.holder = document.getElementById(id).closest(".plot");
      this.layer = explorer.svg("svg", { class: "layer" });
      this.holder.append(this.layer);
      this.ranges = { x: [0, 1], y: [0, 1] };
      this.draw = () => {};
      new ResizeObserver(() => this.resized()).observe(this.holder);
    }

    /* Plotly's element; looked up again only if React has replaced it. */
    get gd() {
      if (!this.found?.isConnected) this.found = document.querySelector(`#${CSS.escape(this.id)} .js-plotly-plot`);
      return this.found;
    }

    /* Set axes and traces; the marks above them are drawn by this.draw on every change of size. */
    show({ x, y, xTitle, yTitle, traces = [], ticks = {}, yTicks = {} }) {
      this.ranges = { x, y };
      const big = document.documentElement.dataset.projector === "on";
      const axis = (range, title) => ({
        range, title: { text: title, font: { size: big ? 24 : 15 } }, fixedrange: true, zeroline: !traces.length,
        gridcolor: explorer.css("--line"), zerolinecolor: explorer.css("--axis"), linecolor: explorer.css("--axis"),
        showgrid: !traces.length, ticks: "outside", tickcolor: explorer.css("--axis"), ...ticks,
      });
      const layout = {
        xaxis: axis(x, xTitle), yaxis: { ...axis(y, yTitle), ...yTicks }, showlegend: false, hovermode: false, dragmode: false,
        margin: big ? { l: 78, r: 16, t: 10, b: 66 } : { l: 52, r: 12, t: 14, b: 50 },
        paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)",
        font: { family: explorer.css("--font"), size: big ? 22 : 14, color: explorer.css("--text") },
      };
      // Plotly draws no axes at all without a trace: this one has a point nowhere.
      const all = traces.length ? traces : [{ type: "scatter", x: [null], y: [null], mode: "markers" }];
      Plotly.react(this.gd, all, layout, CONFIG);
      this.marks();
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
      if (this.gd?._fullLayout && this.width) this.draw(this);
    }
    resized() {
      [this.width, this.height] = [this.holder.clientWidth, this.holder.clientHeight];
      this.layer.setAttribute("width", this.width);
      this.layer.setAttribute("height", this.height);
      if (!this.gd?._fullLayout?._size || !this.width) return;
      Plotly.Plots.resize(this.gd).then(() => this.marks());
    }

    /* A group of the layer by name, made on first use, emptied, ready to fill. */
    group(name, attributes = {}) {
      let node = this.layer.querySelector(`:scope > g.${name}`);
      if (!node) this.layer.append((node = explorer.svg("g", { class: name, ...attributes })));
      node.replaceChildren();
      return node;
    }
    /* A clip path of the plot area, for marks that may leave it. */
    clip() {
      const { l, t, w, h } = this.area;
      const id = `clip-${this.id}`;
      let path = this.layer.querySelector(`#${id}`);
      if (!path) this.layer.append((path = explorer.svg("clipPath", { id }, [explorer.svg("rect")])));
      for (const [key, value] of Object.entries({ x: l, y: t, width: w, height: h })) path.firstChild.setAttribute(key, value);
      return `url(#${id})`;
    }
  }

  explorer.Plot = Plot;
  explorer.pathOf = (points) => points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
})();
