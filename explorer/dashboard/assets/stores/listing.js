/* The stores of /slice: choosing one, another beside it, and watching those that still grow. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  /* Milliseconds between two looks; tests are in more of a hurry. */
  explorer.every ??= 2000;
  const LAST = 30;
  /* Polls after the last point: a sweep writes its report then, or never. */
  let polls = 0;
  let timer = 0;

  const options = (node, entries, chosen) => {
    const wanted = JSON.stringify([entries, chosen]);
    if (node.dataset.shown === wanted) return;
    node.dataset.shown = wanted;
    node.replaceChildren(...entries.map(([value, textContent]) =>
      explorer.make("option", { value, textContent, selected: value === chosen })));
  };

  const render = () => {
    const { state, reply } = explorer;
    byId("stores-card").hidden = Boolean(state.store) && !reply.failed;
    byId("all-stores").hidden = !state.store;
    for (const node of document.querySelectorAll(".one-store")) node.hidden = !state.store || !reply.scene;
    byId("about").hidden = !state.store || !reply.scene;
    const names = (reply.listed?.names ?? []).filter((name) => name !== state.store);
    options(byId("with"), [["", "nothing beside it"], ...names.map((name) => [name, name])], names.includes(state.with) ? state.with : "");
    const seeds = reply.scene?.seeds ?? [];
    byId("seed-field").hidden = seeds.length < 2;
    options(byId("seed"), seeds.map((seed) => [String(seed), String(seed)]), String(reply.scene?.seed));
  };

  const many = (value) => Math.round(value).toLocaleString("en-US");
  const lasting = (seconds) => {
    if (seconds < 90) return `${Math.ceil(seconds)} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  };

  /* How a sweep goes on. */
  const rest = (left, silent) => {
    if (silent) return "; it has said nothing for a while: the same command continues it";
    return left === null ? "" : `, about ${lasting(left)} left`;
  };
  const pace = ({ name, done, total, rate, left, silent }) => {
    const share = Math.floor((100 * done) / total);
    const speed = rate ? `, ${rate < 10 ? explorer.short(rate) : many(rate)} points a second` : "";
    const far = `${name}: ${many(done)} of ${many(total)} points (${share} %)`;
    return `${far}${speed}${rest(left, silent)}. Coarser points stand for what is missing.`;
  };

  const progress = () => {
    const growing = (explorer.reply.pace ?? []).filter((each) => !each.finished);
    byId("progress-row").hidden = !growing.length;
    if (!growing.length) return;
    byId("progress").value = growing[0].done / growing[0].total;
    byId("progress-says").textContent = growing.map(pace).join(" ");
  };

  /* Ask again while anything grows, or while the list is shown, to which a store may come; not of stores that have ended. */
  const watch = () => {
    clearTimeout(timer);
    const isListed = () => !byId("stores-card").hidden;
    const mayGrow = ({ concluded, finished }) => !concluded && (!finished || polls < LAST);
    if (!isListed() && !explorer.reply.pace?.some(mayGrow)) return;
    timer = setTimeout(() => {
      if (document.hidden) watch();
      else if (isListed()) explorer.send("list-query", { query: "" });
      else explorer.send("watch", { query: explorer.scene() });
    }, explorer.every);
  };

  const watched = (reply) => {
    if (reply.error) explorer.note([reply.error]);
    if (reply.error) return watch();
    polls = reply.pace.every((each) => each.finished) ? polls + 1 : 0;
    const key = reply.pace.map((each) => each.key).join();
    const grown = key !== explorer.reply.pace?.map((each) => each.key).join();
    explorer.reply.pace = reply.pace;
    progress();
    if (grown) explorer.grown = key;
    explorer.ask();
    watch();
  };

  /* Drawing the table is dear where there are many: only when it is looked at, and has changed. */
  const listed = (reply) => {
    explorer.reply.listed = reply;
    render();
    if (byId("stores-card").hidden) return;
    explorer.once("table-query", "", reply.key);
    watch();
  };

  /* Another store begins anew, but for what belongs to the reader: mode and hidden controls. */
  const another = (patch) => {
    const { mode, hide } = explorer.state;
    explorer.reply = { listed: explorer.reply.listed };
    explorer.asked = {};
    explorer.grown = "";
    explorer.act({ ...explorer.schema.defaults, mode, hide, ...patch });
    scrollTo(0, 0);
  };

  explorer.listing = {
    render, progress, watch, watched, listed,
    start: () => {
      document.addEventListener("click", (event) => {
        const link = event.target.closest?.("a[data-store]");
        if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        another({ store: link.dataset.store, with: "" });
      });
      byId("all-stores").addEventListener("click", () => another({ store: "", with: "" }));
      byId("with").addEventListener("change", (event) => explorer.act({ with: event.target.value }));
      byId("seed").addEventListener("change", (event) => explorer.act({ seed: Number(event.target.value) }));
    },
  };
})();
