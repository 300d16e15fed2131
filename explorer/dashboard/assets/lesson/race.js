/* Race: one map for each of up to four paths, one clock for all, and who leads. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const MOST = 4;
  const on = () => explorer.state.view === "race" && explorer.state.opt.length > 0;
  const named = ({ title, lr }) => `${title} ${explorer.short(lr)}`;

  /* The losses at a step, the lowest first; a path that ended keeps its last, one that diverged comes last. */
  const ranking = (step) =>
    explorer.paths.list()
      .filter(({ reply }) => reply?.losses)
      .map((entry) => ({ ...entry, loss: entry.reply.losses[Math.min(step, entry.reply.losses.length - 1)] ?? Infinity }))
      .sort((a, b) => a.loss - b.loss);

  const note = () => {
    const { length } = explorer.state.opt;
    if (!length) return "Choose two optimizers or more, or one at several rates, in the card Descent: each gets a map of its own.";
    return length > MOST ? `There is room for ${MOST} maps: the first ${MOST} of ${length} paths are drawn, all are ranked.` : "";
  };

  explorer.race = {
    on,
    /* The maps to draw: the one that came, once for each path. */
    maps: (drawn) => (on() ? explorer.state.opt.slice(0, MOST).map(() => drawn[0]) : drawn),
    title: (index) => (on() && explorer.paths.list()[index] ? named(explorer.paths.list()[index]) : undefined),
    render: () => {
      const wanted = explorer.state.view === "race";
      byId("race").hidden = !wanted;
      if (wanted) byId("race-says").textContent = note();
    },
    place: (step) => {
      if (explorer.state.view !== "race") return;
      const board = byId("leaders");
      const ranked = ranking(step);
      while (board.children.length > ranked.length) board.lastChild.remove();
      while (board.children.length < ranked.length) board.append(explorer.make("li"));
      ranked.forEach((entry, i) => {
        const node = board.children[i];
        const said = `${named(entry)}: ${explorer.short(entry.loss)}`;
        if (node.dataset.said === said + entry.style) return;
        node.dataset.said = said + entry.style;
        node.dataset.item = entry.item;
        node.replaceChildren(explorer.descent.swatch(entry.style), said);
      });
    },
  };
})();
