/* Transport: the step that all paths stand at: play, pause, step, scrub, rewind. The address keeps it when it rests. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  // At speed 1 a path is walked in eight seconds, but not slower than ten steps a second.
  const SECONDS = 8;
  const SLOWEST = 10;
  let speed = 1;
  let held = null;
  let last = 0;

  /* The last step of the longest path that is there. */
  const total = () => Math.max(0, ...explorer.paths.list().map(({ reply }) => (reply?.thetas?.length ?? 1) - 1));
  const at = () => Math.floor(held ?? (explorer.state.at < 0 ? total() : Math.min(explorer.state.at, total())));
  const playing = () => last > 0;

  const show = (step, end) => {
    explorer.paths.place(step);
    explorer.charts.place(step);
    explorer.descent.place(step);
    explorer.race.place(step);
    byId("at").value = step;
    byId("at").setAttribute("aria-valuetext", `step ${step} of ${end}`);
    byId("at-says").textContent = `${step} / ${end}`;
  };

  /* Rest at a step, and tell the address. */
  const rest = (step) => {
    last = 0;
    held = null;
    const end = total();
    const inside = explorer.clamp(step, [0, end]);
    explorer.act({ at: inside === end ? -1 : inside }, "replace");
  };

  const frame = (now) => {
    if (!playing()) return;
    const end = total();
    held = Math.min(end, held + ((now - last) / 1000) * speed * Math.max(SLOWEST, end / SECONDS));
    last = now;
    if (held >= end) return rest(end);
    show(Math.floor(held), end);
    requestAnimationFrame(frame);
  };

  const play = () => {
    if (!total()) return;
    if (playing()) return rest(at());
    // Without motion, playing is stepping.
    if (explorer.isStill()) return rest(at() >= total() ? 0 : at() + 1);
    held = at() >= total() ? 0 : at();
    last = performance.now();
    label();
    requestAnimationFrame(frame);
  };

  const label = () => (byId("play").textContent = explorer.isStill() ? "Step on" : playing() ? "Pause" : "Play");

  explorer.transport = {
    start: () => {
      const buttons = {
        rewind: () => rest(0), "walk-back": () => rest(at() - 1), play, "walk-on": () => rest(at() + 1), "walk-end": () => rest(total()),
      };
      for (const [id, press] of Object.entries(buttons)) byId(id).addEventListener("click", press);
      byId("at").addEventListener("input", () => {
        last = 0;
        held = Number(byId("at").value);
        show(at(), total());
        label();
      });
      byId("at").addEventListener("change", () => rest(Number(byId("at").value)));
      byId("speeds").addEventListener("click", ({ target }) => {
        if (!target.dataset.speed) return;
        speed = Number(target.dataset.speed);
        explorer.transport.render();
      });
    },
    render: () => {
      const end = total();
      byId("at").max = end;
      for (const node of byId("speeds").children) explorer.controls.press(node, Number(node.dataset.speed) === speed);
      label();
      show(at(), end);
    },
    /* Another start or other paths: playing ends, the step stays as far as there is one. */
    stop: () => ([last, held] = [0, null]),
    at, total, playing,
  };
})();
