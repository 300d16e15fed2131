/* Training of /slice: a slider along a trajectory, its numbers, and the plane that moves along with it. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const SWATCH = 26;

  const runs = () => explorer.reply.scene?.maps[0]?.checkpoints.runs ?? [];
  const chosen = (among) => among.find(({ name }) => name === explorer.state.run) ?? among[0];
  /* The index of the point whose step is nearest to the one asked for; -1 is the last. */
  const indexIn = ({ path }) => {
    const { at } = explorer.state;
    if (at < 0) return path.length - 1;
    return path.reduce((best, { step }, i) => (Math.abs(step - at) < Math.abs(path[best].step - at) ? i : best), 0);
  };
  const stepAt = ({ path }, index) => (index === path.length - 1 ? -1 : path[index].step);

  /* The store of the series whose plane goes through the checkpoint nearest to a step. */
  const nearest = ({ members }, step) => {
    const away = ([at]) => Math.abs(at - step);
    return members.reduce((best, member) => (away(member) < away(best) ? member : best))[1];
  };
  const series = () => explorer.reply.scene?.series ?? null;
  const isMoved = () => series()?.members.some(([, name]) => name === explorer.state.store) ?? false;

  const put = (id, value) => {
    const node = byId(id);
    node.textContent = value === null ? "–" : explorer.short(value);
    Object.assign(node.dataset, { value: String(value ?? NaN), source: "torch" });
  };

  const swatch = ({ color, dash }) =>
    explorer.svg("svg", { width: SWATCH, height: 12, "aria-hidden": "true", class: "swatch" }, [
      explorer.svg("path", { d: `M1,6H${SWATCH - 1}`, style: `stroke:${color};stroke-dasharray:${dash}` }),
    ]);

  const legend = (found, run) => {
    const box = byId("runs");
    box.hidden = found.length < 2;
    const wanted = JSON.stringify(found.map(({ name, color }) => [name, color]));
    if (box.dataset.shown !== wanted) {
      box.dataset.shown = wanted;
      box.replaceChildren(...found.map((each) => {
        const button = explorer.make("button", { type: "button", className: "chip" }, [swatch(each), explorer.names.brief(each.name)]);
        button.dataset.run = each.name;
        return button;
      }));
    }
    for (const node of box.children) explorer.controls.press(node, node.dataset.run === run.name);
  };

  const distance = (offset, share) =>
    share < 1e-6 ? "on the plane" : `${explorer.short(offset)} from the plane, ${explorer.percent(share)} of the path's size in it`;

  /* Whether the color of the plane under a checkpoint is that of its own loss. */
  const color = (own, shown, isFar) => {
    if (own === null || shown === null) return "";
    const isOther = isFar || Math.abs(own - shown) > 0.1 * Math.abs(own);
    if (!isOther) return " The color under it is about its own loss.";
    return ` The color under it is another place's loss: ${explorer.short(shown)} for its own ${explorer.short(own)}.`;
  };

  /* Whose BatchNorm statistics its own loss is with; the plane has the model's everywhere. */
  const STATISTICS = {
    own: " Its own loss is with the BatchNorm statistics that were saved with it.",
    model: " Its own loss is with the model's BatchNorm statistics: none were saved with it.",
  };

  const sentence = ({ path, size }, index, limit) => {
    const { loss, plane_loss: shown, offset, step, statistics } = path[index];
    const share = size > 0 ? offset / size : 0;
    const where = `Step ${step.toLocaleString("en-US")}, ${index + 1} of ${path.length} recorded`;
    return `${where}: ${distance(offset, share)}.${color(loss, shown, share > limit)}${STATISTICS[statistics] ?? ""}`;
  };

  const along = () => {
    const node = byId("along");
    const found = series();
    node.hidden = !found;
    explorer.controls.press(node, isMoved());
    node.disabled = Boolean(found && isMoved() && !found.base);
  };

  const render = () => {
    const found = runs();
    const card = byId("training");
    card.hidden = !found.length;
    if (!found.length) return;
    const run = chosen(found);
    const index = indexIn(run);
    legend(found, run);
    const slider = byId("at");
    slider.max = String(run.path.length - 1);
    slider.value = String(index);
    slider.setAttribute("aria-valuetext", `step ${run.path[index].step}`);
    put("own-loss", run.path[index].loss);
    put("plane-loss", run.path[index].plane_loss);
    put("offset", run.path[index].offset);
    explorer.recordedLosses.draw(byId("walk-losses"), run, index);
    byId("walk-says").textContent = sentence(run, index, explorer.reply.scene.maps[0].checkpoints.limit);
    byId("spread-says").textContent = explorer.reply.scene.spread;
    along();
  };

  /* Where the plane moves along, a finished move of the slider is a move of the plane, too. */
  const moved = (history) => {
    const run = chosen(runs());
    const index = Number(byId("at").value);
    const store = history !== "live" && isMoved() ? { store: nearest(series(), run.path[index].step) } : {};
    explorer.act({ at: stepAt(run, index), ...store }, history);
  };

  explorer.training = {
    render,
    /* The point of the chosen run that is looked at, in the runs of any map; with its color. */
    of: (among) => {
      const run = among.length ? chosen(among) : null;
      return run && { ...run.path[indexIn(run)], color: run.color };
    },
    start: () => {
      byId("at").addEventListener("input", () => moved("live"));
      byId("at").addEventListener("change", () => moved("push"));
      byId("runs").addEventListener("click", (event) => {
        const button = event.target.closest("[data-run]");
        if (button) explorer.act({ run: button.dataset.run === runs()[0].name ? "" : button.dataset.run, at: -1 });
      });
      byId("along").addEventListener("click", () => {
        const run = chosen(runs());
        const { step } = run.path[indexIn(run)];
        explorer.act({ store: isMoved() ? series().base : nearest(series(), step) });
      });
    },
  };
})();
