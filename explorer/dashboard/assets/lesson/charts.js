/* Charts: loss and gradient norm of every path against the step, on log scales, with the transport's line. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const svg = (...given) => explorer.svg(...given);
  /* Room for the labels, in pixels: they follow the size of the text. */
  const pad = () => {
    const scale = parseFloat(getComputedStyle(document.documentElement).fontSize) / 15;
    return { l: 46 * scale, r: 8, t: 8 * scale, b: 20 * scale };
  };
  const POINTS = 400;

  class Chart {
    constructor(id, field, name) {
      Object.assign(this, { field, name });
      this.holder = byId(id);
      this.node = svg("svg", { role: "img" });
      this.line = svg("path", { class: "now" });
      this.holder.append(this.node);
      new ResizeObserver(() => this.draw()).observe(this.holder);
    }

    draw() {
      const [width, height] = [this.holder.clientWidth, this.holder.clientHeight];
      const walks = explorer.paths.list().filter(({ reply }) => reply?.thetas);
      if (!width || !walks.length) return this.node.replaceChildren();
      this.end = Math.max(1, explorer.transport.total());
      const [low, high] = extent(walks.flatMap(({ reply }) => reply[this.field]));
      const { l, r, t, b } = pad();
      const span = { w: width - l - r, h: height - t - b };
      this.x = (step) => l + (step / this.end) * span.w;
      const y = (value) => t + ((high - Math.log10(Math.max(value, 10 ** low))) / (high - low)) * span.h;
      this.line.setAttribute("d", `M0,${t}V${t + span.h}`);
      const lines = walks.flatMap(({ reply, style, item }) => {
        const d = course(reply[this.field], this.x, y);
        return [svg("path", { d, class: `casing walk trace-${style}` }), svg("path", { d, class: `walk trace-${style}`, "data-course": item })];
      });
      this.node.setAttribute("aria-label", this.words(walks));
      for (const [name, size] of [["width", width], ["height", height]]) this.node.setAttribute(name, size);
      this.node.replaceChildren(...grid([low, high], y, [l, width - r, height - 4], this.end), ...lines, this.line);
      this.place(explorer.transport.at());
    }

    words(walks) {
      const said = walks.map(({ title, lr, reply }) => `${title} ${explorer.short(lr)}: from ${explorer.short(reply[this.field][0])} to ${explorer.short(final(reply[this.field]))}`);
      return `${this.name}, ${said.join("; ")}`;
    }

    place(step) {
      if (this.x) this.line.setAttribute("transform", `translate(${this.x(Math.min(step, this.end)).toFixed(1)},0)`);
    }
  }

  const final = (values) => values[values.length - 1] ?? NaN;

  /* Whole decades around the values; what is 16 decades below the largest is rounding. */
  const extent = (values) => {
    const positive = values.filter((value) => value > 0);
    if (!positive.length) return [-1, 0];
    const [least, most] = [Math.min(...positive), Math.max(...positive)];
    const high = Math.min(Math.ceil(Math.log10(most) + 1e-9), Math.ceil(Math.log10(positive[0])) + 6);
    return [Math.max(Math.floor(Math.log10(least)), high - 18, -40), Math.max(high, -39)];
  };

  const course = (values, x, y) => {
    const every = Math.max(1, Math.ceil(values.length / POINTS));
    const points = [];
    values.forEach((value, k) => value !== null && (k % every === 0 || k === values.length - 1) && points.push([x(k), Math.max(-50, y(value))]));
    return explorer.pathOf(points);
  };

  const grid = ([low, high], y, [left, right, bottom], end) => {
    const every = Math.max(1, Math.ceil((high - low) / 4));
    const marks = [];
    for (let e = high; e >= low; e -= every) {
      const at = y(10 ** e);
      marks.push(svg("path", { d: `M${left},${at}H${right}`, class: "grid" }), svg("text", { x: left - 5, y: at + 4, class: "tick left" }, [explorer.short(10 ** e)]));
    }
    marks.push(svg("text", { x: left, y: bottom, class: "tick" }, ["0"]), svg("text", { x: right, y: bottom, class: "tick left" }, [`step ${end}`]));
    return marks;
  };

  let charts = [];
  explorer.charts = {
    start: () => (charts = [new Chart("loss-chart", "losses", "Loss against step"), new Chart("norm-chart", "norms", "Gradient norm against step")]),
    draw: () => charts.forEach((chart) => chart.draw()),
    place: (step) => charts.forEach((chart) => chart.place(step)),
  };
})();
