/* Landscape: the lesson's maps: where they are drawn, and how the pointer and the keys move the point on them. */
(() => {
  const explorer = (window.explorer ??= {});

  let maps = [];
  let shown = null;
  let weight = null;
  let raced = "";

  const show = (map, data, window, labels) => {
    const [x, y] = labels.map((label) => window[label]);
    const [xTitle, yTitle] = labels.map((label) => explorer.caption(label).title);
    map.show(data, data && explorer.evenly(x, y, data.shape), { x, y, xTitle, yTitle, scale: 1 });
    if (!data) return;
    map.box.querySelector(".map-title").textContent = explorer.race.title(map.index) ?? title(data.name);
    explorer.colors.legend(map.box.querySelector(".legend"), data.scale, explorer.colors.clipped("L", data.scale));
  };

  const title = (name) => {
    const { terms } = explorer.study();
    if (name === "total") return `Total: λ·${terms.map((term) => explorer.caption(term).title).join(" + ")}`;
    if (!terms.includes(name)) return explorer.lossTitle(name);
    const { title: symbol, meaning } = explorer.caption(name);
    return meaning ? `${symbol}: ${meaning}` : symbol;
  };

  /* What does not move with the point is drawn once for a scene and size. */
  const fixed = (map) => {
    const { plot, shown: { contours, name }, index } = map;
    const { scenery, state: { layers } } = explorer;
    const predicting = explorer.activity.drawing();
    const drawn = JSON.stringify([predicting, name, contours.length, plot.area, layers, plot.ranges, explorer.reply.serial]);
    if (drawn === map.fixed) return;
    map.fixed = drawn;
    plot.put("field", layers.includes("field") && !predicting ? scenery.field(plot) : []);
    plot.put("contours", layers.includes("contours") ? explorer.marks.contours(plot, contours) : []);
    plot.put("kinks", layers.includes("kinks") ? scenery.kinks(plot) : []);
    plot.put("minima", layers.includes("minima") ? scenery.minima(plot, index) : []);
  };

  /* While a direction is to be predicted the exercise decides what is seen; afterwards guess and truth together. */
  const arrows = (plot, { gradient, pulls }) => {
    const { state, scenery } = explorer;
    const isHidden = explorer.activity.hidesArrow() ?? state.hide.includes("arrow");
    if (isHidden || !gradient.every(Number.isFinite)) return scenery.guess(plot);
    const each = state.layers.includes("pulls") ? scenery.pulls(plot, pulls) : [];
    return [...each, ...explorer.marks.gradient(plot, explorer.theta(), gradient), ...scenery.guess(plot)];
  };

  const draw = (map) => {
    const { plot } = map;
    fixed(map);
    explorer.influence.draw(map);
    explorer.paths.draw(map);
    plot.put("trail", explorer.scenery.trail(plot));
    plot.put("ellipse", explorer.state.layers.includes("ellipse") ? explorer.scenery.ellipse(plot) : []);
    plot.put("arrows", arrows(plot, explorer.readout.numbers(map.shown.name)));
    plot.put("handle", explorer.marks.handle(plot, explorer.theta()), false);
  };

  /* ---- the pointer and the keys ---- */
  const tidied = (point, { x, y }) => explorer.placed([explorer.tidy(point[0], x), explorer.tidy(point[1], y)]);

  const keys = (event, { plot }) => {
    const does = { Enter: explorer.step.take, Backspace: explorer.step.undo }[event.key];
    const isAnswer = explorer.activity.drawing() && (explorer.keys.isArrow(event) || event.key === "Enter");
    if (does || isAnswer) event.preventDefault();
    if (isAnswer) return explorer.activity.turn(plot, event);
    if (does) return does();
    if (explorer.zoom.key(event)) return;
    const to = explorer.keys.moved(event, explorer.theta(), [plot.ranges.x, plot.ranges.y]);
    if (to) explorer.act(explorer.placed(to), "replace");
  };

  const made = (id, index) => {
    const map = new explorer.PlaneMap(id, document.querySelector(`[data-map="${id}"]`), {
      index, draw, keys,
      grip: () => (explorer.activity.drawing() ? "direction" : "point"),
      move: (point, history, event, held) => {
        if (held === "direction") explorer.activity.draw(map.plot, event, history);
        else explorer.act(tidied(point, map.plot.ranges), history);
      },
    });
    explorer.zoom.listen(map.plot.layer, (event) => map.plot.at(event));
    return map;
  };

  /* ---- all maps ---- */
  const race = () => (explorer.race.on() ? explorer.paths.list().map(({ title: name, lr }) => name + lr).join() : "");

  /* The maps of a reply, with the total of terms as their weight is now. */
  const drawn = () => {
    const { reply, state } = explorer;
    if (!explorer.study().terms.length) return shown.decoded;
    const contours = reply.totalWeight === state.weight ? reply.totalContours : [];
    return [{ ...explorer.colors.total(shown.decoded, state.weight), contours }, ...shown.decoded];
  };

  /* Draw the maps of the last reply (or redraw them for another theme, size or weight). */
  const showAll = () => {
    const { reply } = explorer;
    if (!reply.map || reply.mapStudy !== explorer.state.study) return;
    if (shown?.source !== reply.map) shown = { source: reply.map, decoded: reply.map.maps.map(explorer.colors.decode) };
    weight = explorer.state.weight;
    raced = race();
    const each = explorer.race.maps(drawn());
    explorer.byId("maps").dataset.count = each.length;
    maps.forEach((map, i) => show(map, each[i], reply.map.window, explorer.study().labels));
  };

  explorer.landscape = {
    start: () => (maps = ["landscape", "map-1", "map-2", "map-3"].map(made)),
    show: showAll,
    maps: () => maps.filter((map) => map.shown),
    marks: () => {
      const isOld = (explorer.study().terms.length && weight !== explorer.state.weight) || raced !== race();
      if (isOld) showAll();
      else maps.forEach((map) => map.plot.marks());
    },
    refresh: () => maps.forEach((map) => ((map.fixed = null), map.plot.marks())),
  };
})();
