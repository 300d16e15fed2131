/* Line chart: a small chart in plain SVG; what is drawn into it is given by values, not pixels. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);

  class LineChart {
    /* x and y are the ends of the axes, pad the pixels around the area between them. */
    constructor({ width, height, pad, x, y, log = false }) {
      const up = log ? Math.log10 : (value) => value;
      const share = (value, [low, high]) => (high > low ? (value - low) / (high - low) : 0.5);
      const area = { l: pad.l, t: pad.t, w: width - pad.l - pad.r, h: height - pad.t - pad.b };
      Object.assign(this, {
        area,
        px: (value) => area.l + share(value, x) * area.w,
        py: (value) => area.t + (1 - share(up(value), y.map(up))) * area.h,
      });
    }

    at([x, y]) {
      return [this.px(x), this.py(y)];
    }
    line(points, name, more = {}) {
      return svg("path", { d: explorer.pathOf(points.map((point) => this.at(point))), class: name, ...more });
    }
    dot(point, r, name) {
      const [cx, cy] = this.at(point);
      return svg("circle", { cx, cy, r, class: name });
    }
    /* Lines across the whole area, at a value of one axis. */
    upright(x, name) {
      return svg("path", { d: `M${this.px(x)},${this.area.t}v${this.area.h}`, class: name });
    }
    level(y, name) {
      return svg("path", { d: `M${this.area.l},${this.py(y)}h${this.area.w}`, class: name });
    }
  }

  explorer.LineChart = LineChart;
  /* A text at a pixel, its anchor at the "start", "middle" or "end". */
  explorer.text = (x, y, said, anchor, name) => svg("text", { x, y, class: name, "text-anchor": anchor }, [said]);
})();
