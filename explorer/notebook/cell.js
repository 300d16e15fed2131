/* Cell: the map of a landscape in a notebook, by the page's own parts; the kernel measures at the point. */
const { explorer } = window;
/* The page's state is its address; a cell has none. */
explorer.act ??= () => {};

/* Plotly's own script comes from the kernel once a document: a widget's state would keep it in every notebook. */
const plotly = (model) => {
  if (window.Plotly?.react) return Promise.resolve();
  window.explorer.arriving ??= new Promise((resolve) => {
    const take = (content, buffers) => {
      if (!content.plotly) return;
      model.off("msg:custom", take);
      const module = { exports: {} };
      const text = new TextDecoder().decode(buffers[0]);
      new Function("module", "exports", "define", text).call(window, module, module.exports, undefined);
      window.Plotly = module.exports.react ? module.exports : window.Plotly;
      resolve();
    };
    model.on("msg:custom", take);
    model.send({ want: "plotly" });
  });
  return window.explorer.arriving;
};

const shown = async (node) => {
  while (!node.isConnected) await new Promise(requestAnimationFrame);
};

const isDark = () => document.body.dataset.jpThemeLight === "false" || document.body.classList.contains("dark-theme");

const built = (id) => {
  const { make } = explorer;
  const graph = make("div", { id, className: "dash-graph" }, [make("div", { className: "js-plotly-plot" })]);
  const plot = make("div", { className: "plot" }, [graph]);
  plot.dataset.label = "The map: click or drag to move the point; arrow keys when focused";
  const legend = make("div", { className: "legend" }, [
    make("div", { className: "bar" }), make("div", { className: "ticks" }),
    make("span", { className: "says" }), make("span", { className: "under-pointer" }),
  ]);
  const numbers = make("div", { className: "numbers", ariaLive: "polite" });
  const cuts = make("div", { className: "cuts" }, [0, 1].map(() => explorer.svg("svg", { viewBox: "0 0 300 110" })));
  const box = make("div", { className: "landscape-widget" }, [plot, legend, numbers, cuts]);
  box.dataset.theme = isDark() ? "dark" : "light";
  return { box, legend, numbers, cuts: [...cuts.children] };
};

/* The values along one axis through the grid point that is nearest to the point, as the colors have them. */
const along = (scene, point, axis) => {
  const axes = [scene.x, scene.y];
  const away = axes[1 - axis].map((each) => Math.abs(each - point[1 - axis]));
  const other = away.indexOf(Math.min(...away));
  const share = (i) => (axis ? scene.z[i][other] : scene.z[other][i]);
  return axes[axis].map((value, i) => [value, explorer.colors.valueAt(share(i), scene.scale)]);
};

const cut = (node, scene, point, axis) => {
  const pairs = along(scene, point, axis);
  const values = pairs.map(([, value]) => value).filter(Number.isFinite);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const ends = [pairs[0][0], pairs.at(-1)[0]];
  const [pad, log] = [{ l: 4, r: 4, t: 14, b: 18 }, scene.scale.kind === "log"];
  const chart = new explorer.LineChart({ width: 300, height: 110, pad, x: ends, y: [low, high], log });
  const { text, short } = explorer;
  node.replaceChildren(chart.line(pairs, "cut"), chart.upright(point[axis], "cut-here"),
    text(4, 10, `${short(low)} … ${short(high)} along ${scene.labels[axis]}`, "start"),
    text(4, 108, short(ends[0]), "start"), text(296, 108, short(ends[1]), "end"));
};

const sentence = (labels, point, { values = {}, norm, source }) => {
  const { short } = explorer;
  const place = labels.map((label, i) => `${label} ${short(point[i])}`).join(", ");
  const told = Object.entries(values).map(([name, value]) => `${name} ${short(value)}`).join("   ");
  const gradient = norm === undefined ? "" : `   ‖∇L‖ ${short(norm)}`;
  return `${place}:   ${source === "autograd" ? "" : "≈ "}${told}${gradient}`;
};

const render = async ({ model, el }) => {
  await plotly(model);
  explorer.cells = (explorer.cells ?? 0) + 1;
  const parts = built(`landscape-cell-${explorer.cells}`);
  el.append(parts.box);
  await shown(parts.box);
  explorer.themed = parts.box;
  const root = parts.box.getRootNode();
  const held = {};
  const scene = () => {
    const coded = model.get("scene");
    if (held.coded !== coded) Object.assign(held, { coded, decoded: explorer.colors.decode(coded) });
    return held.decoded;
  };
  const point = () => model.get("point");
  /* What the kernel said of another place says nothing here. */
  const here = () => (String(model.get("numbers").at) === String(point()) ? model.get("numbers") : {});

  const draw = ({ plot }) => {
    const numbers = here();
    plot.put("contours", explorer.marks.contours(plot, scene().contours));
    const vector = numbers.coordinates && explorer.marks.inPlane({ ...numbers, inPlane: numbers.in_plane });
    plot.put("arrows", vector ? explorer.marks.gradient(plot, point(), vector) : []);
    plot.put("handle", explorer.marks.handle(plot, point()), false);
    parts.cuts.forEach((node, axis) => cut(node, scene(), point(), axis));
    parts.numbers.textContent = sentence(scene().labels, point(), numbers);
  };

  const move = (to, isDone) => {
    const { x, y } = map.plot.ranges;
    model.set("point", [explorer.tidy(to[0], x), explorer.tidy(to[1], y)]);
    if (isDone) model.save_changes();
    map.plot.marks();
  };

  const map = new explorer.PlaneMap(parts.box.querySelector(".plot > div").id, parts.box, {
    root, draw,
    grip: () => "point",
    move: (to, history) => move(to, history === "push"),
    keys: (event, { plot }) => {
      const to = explorer.keys.moved(event, point(), [plot.ranges.x, plot.ranges.y]);
      if (to) move(to, true);
    },
  });

  const show = () => {
    const drawn = scene();
    const [x, y] = [drawn.x, drawn.y].map((points) => [points[0], points.at(-1)]);
    const [xTitle, yTitle] = drawn.labels;
    const scale = explorer.unitsAlike(drawn.lengths, [x, y]);
    map.show(drawn, { x: drawn.x, y: drawn.y }, { x, y, xTitle, yTitle, scale });
    explorer.colors.legend(parts.legend, drawn.scale, explorer.colors.clipped(drawn.name, drawn.scale));
  };
  const redraw = () => map.plot.marks();
  show();
  model.on("change:scene", show);
  model.on("change:point", redraw);
  model.on("change:numbers", redraw);
  return () => {
    model.off("change:scene", show);
    model.off("change:point", redraw);
    model.off("change:numbers", redraw);
  };
};

export default { render };
