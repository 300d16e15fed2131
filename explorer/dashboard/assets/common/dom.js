/* DOM: how elements are found, made and drawn. */
(() => {
  const explorer = (window.explorer ??= {});
  const SVG = "http://www.w3.org/2000/svg";

  explorer.byId = (id) => document.getElementById(id);

  explorer.make = (name, properties = {}, children = []) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  /* Set attributes; what is undefined is left out. */
  explorer.attributes = (node, values) => {
    for (const [key, value] of Object.entries(values)) if (value !== undefined) node.setAttribute(key, value);
    return node;
  };

  explorer.svg = (name, attributes = {}, children = []) => {
    const node = explorer.attributes(document.createElementNS(SVG, name), attributes);
    node.append(...children);
    return node;
  };

  /* The d of a line through [x, y] in pixels; it is broken where one of them is no number. */
  explorer.pathOf = (points) => {
    let [d, pen] = ["", "M"];
    for (const [x, y] of points) {
      const drawn = Number.isFinite(x) && Number.isFinite(y);
      if (drawn) d += `${pen}${x.toFixed(1)},${y.toFixed(1)}`;
      pen = drawn ? "L" : "M";
    }
    return d;
  };

  /* A table of texts, its first row the heading. */
  explorer.table = ([heading, ...rows]) => {
    const { make } = explorer;
    const row = (texts, name, more = {}) => make("tr", {}, texts.map((textContent) => make(name, { textContent, ...more })));
    return make("table", {}, [
      make("thead", {}, [row(heading, "th", { scope: "col" })]),
      make("tbody", {}, rows.map((texts) => row(texts, "td"))),
    ]);
  };

  /* A variable of the style, as the theme has it: the page's, or that of the element that has it. */
  explorer.css = (name) => getComputedStyle(explorer.themed ?? document.documentElement).getPropertyValue(name).trim();

  explorer.isStill = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
})();
