/* Step: θ ← θ − η ∇L with torch's own gradient; undo; back to θ₀. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  // Where the steps began and where each ended; the loss before the last; whether one waits for torch's gradient.
  let start = null;
  let path = [];
  let before;
  let waiting = false;

  const say = (text) => (byId("step-says").textContent = text);
  const walk = ([w, b]) => explorer.act({ w, b }, "push", true);

  /* Begin anew where the point is. */
  const begin = () => ([start, path] = [explorer.theta(), []]);

  /* Anything but a step ends the story of the last one. */
  const forget = () => {
    [before, waiting] = [undefined, false];
    say("");
  };

  const take = () => {
    if (explorer.activity.drawing() || explorer.state.hide.includes("step")) return;
    // Only torch's gradient moves the point: a step asked for before it is there waits for it.
    waiting = explorer.stale();
    if (waiting) return say("Waiting for torch's gradient…");
    const { gradient, loss } = explorer.reply.point;
    const { theta: limits } = explorer.schema.limits;
    const theta = explorer.theta().map((value, axis) => value - explorer.state.lr * gradient[axis]);
    if (!theta.every((value) => explorer.isWithin(value, limits))) {
      return say(`That step leaves |θ| ≤ ${limits[1]}: choose a smaller learning rate.`);
    }
    path = [...path, theta];
    before = loss;
    walk(theta);
  };

  const undo = () => {
    if (!path.length) return say("No step to undo.");
    path = path.slice(0, -1);
    before = undefined;
    walk(path.at(-1) ?? start);
    say("Step undone.");
  };

  const back = () => {
    [path, before] = [[], undefined];
    walk(start);
    say("Back at θ₀.");
  };

  /* When torch has answered after a step: what the step did to the loss. */
  const answered = () => {
    if (waiting) return take();
    if (!path.length || before === undefined) return;
    const { loss } = explorer.reply.point;
    const moved = loss < before ? "fell" : loss > before ? "rose: the step was too long" : "did not change";
    say(`Step ${path.length}: loss ${explorer.short(before)} → ${explorer.short(loss)}, it ${moved}.`);
  };

  explorer.step = {
    start: () => {
      for (const [id, press] of [["step", take], ["step-undo", undo], ["step-back", back]]) byId(id).addEventListener("click", press);
    },
    take, undo, begin, answered, forget,
    /* The places of the path, the first where it began. */
    places: () => [start, ...path],
  };
})();
