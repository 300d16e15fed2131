/* Charts: loss and gradient norm of every path against the step, on log scales, with the transport's line. */
(() => {
  const explorer = (window.explorer ??= {});
  const svg = (...given) => explorer.svg(...given);
  const short = (value) => explorer.short(value);
  const POINTS = 400;

  /* Room for the labels, in pixels: they follow the size of the text. */
  const pad = () => {
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
    return { l: 46 * scale, r: 8, t: 8 * scale, b: 20 * scale };
  };

  class StepChart {
    constructor(id, field, name) {
      Object.assign(this, { field, name, holder: explorer.byId(id) });
      this.node = svg("svg", { role: "img" });
      this.now = svg("path", { class: "now" });
      this.holder.append(this.node);
      new ResizeObserver(() => this.draw()).observe(this.holder);
    }

    draw() {
      const [width, height] = [this.holder.clientWidth, this.holder.clientHeight];
      const walks = explorer.paths.list().filter(({ reply }) => reply?.thetas);
      if (!width || !walks.length) return this.node.replaceChildren();
      this.end = Math.max(1, explorer.transport.total());
      const decades = extent(walks.flatMap(({ reply }) => reply[this.field]));
      const y = decades.map((power) => 10 ** power);
      this.chart = new explorer.LineChart({ width, height, pad: pad(), x: [0, this.end], y, log: true });
      const { t, h } = this.chart.area;
      explorer.attributes(this.now, { d: `M0,${t}v${h}` });
      explorer.attributes(this.node, { width, height, "aria-label": this.words(walks) });
      const lines = walks.flatMap(({ reply, style, item }) => {
        const points = course(reply[this.field], y[0]);
        const line = (name, more) => this.chart.line(points, `${name} trace-${style}`, more);
        return [line("casing walk"), line("walk", { "data-course": item })];
      });
      this.node.replaceChildren(...grid(this.chart, decades, height - 4, this.end), ...lines, this.now);
      this.place(explorer.transport.at());
    }

    words(walks) {
      const ends = ({ title, lr, reply }) => {
        const values = reply[this.field];
        return `${title} ${short(lr)}: from ${short(values[0])} to ${short(values.at(-1) ?? NaN)}`;
      };
      return [this.name, walks.map(ends).join("; ")].join(", ");
    }

    place(step) {
      if (this.chart) this.now.setAttribute("transform", `translate(${this.chart.px(Math.min(step, this.end)).toFixed(1)},0)`);
    }
  }

  /* Whole decades around the values; what is 16 decades below the largest is rounding. */
  const extent = (values) => {
    const positive = values.filter((value) => value > 0);
    if (!positive.length) return [-1, 0];
    const [least, most] = [Math.min(...positive), Math.max(...positive)];
    const high = Math.min(Math.ceil(Math.log10(most) + 1e-9), Math.ceil(Math.log10(positive[0])) + 6);
    return [Math.max(Math.floor(Math.log10(least)), high - 18, -40), Math.max(high, -39)];
  };

  /* The points of a line, thinned; what is below the axis lies on it. */
  const course = (values, least) => {
    const every = Math.max(1, Math.ceil(values.length / POINTS));
    const isShown = ([step, value]) => value !== null && (step % every === 0 || step === values.length - 1);
    return [...values.entries()].filter(isShown).map(([step, value]) => [step, Math.max(value, least)]);
  };

  const grid = (chart, [low, high], bottom, end) => {
    const { l, w } = chart.area;
    const every = Math.max(1, Math.ceil((high - low) / 4));
    const powers = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => high - i * every);
    const levels = powers.flatMap((power) =>
      [chart.level(10 ** power, "grid"), explorer.text(l - 5, chart.py(10 ** power) + 4, short(10 ** power), "end", "tick")]);
    return [...levels, explorer.text(l, bottom, "0", "start", "tick"), explorer.text(l + w, bottom, `step ${end}`, "end", "tick")];
  };

  let charts = [];
  explorer.charts = {
    start: () => {
      charts = [
        new StepChart("loss-chart", "losses", "Loss against step"),
        new StepChart("norm-chart", "norms", "Gradient norm against step"),
      ];
    },
    draw: () => charts.forEach((chart) => chart.draw()),
    place: (step) => charts.forEach((chart) => chart.place(step)),
  };
})();
