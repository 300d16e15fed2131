/* Step: θ ← θ − η ∇L with torch's own gradient; undo; back to θ₀. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  let waiting = false;

  const say = (text) => (byId("step-says").textContent = text);

  /* Anything but a step ends the story of the last one. */
  const forget = () => {
    explorer.before = undefined;
    waiting = false;
    say("");
  };

  const take = () => {
    if (explorer.activity.drawing() || explorer.state.hide.includes("step")) return;
    // Only torch's gradient moves the point: a step asked for before it is there waits for it.
    if (explorer.stale()) return (waiting = true), say("Waiting for torch's gradient…");
    waiting = false;
    const { state } = explorer;
    const { gradient, loss } = explorer.reply.point;
    const [w, b] = [state.w - state.lr * gradient[0], state.b - state.lr * gradient[1]];
    const [low, high] = explorer.schema.limits.theta;
    if (![w, b].every((value) => value >= low && value <= high)) return say(`That step leaves |θ| ≤ ${high}: choose a smaller learning rate.`);
    explorer.path = [...(explorer.path ?? []), [w, b]];
    explorer.before = loss;
    explorer.act({ w, b }, "push", true);
  };

  const undo = () => {
    if (!explorer.path?.length) return say("No step to undo.");
    explorer.path = explorer.path.slice(0, -1);
    explorer.before = undefined;
    const [w, b] = explorer.path.at(-1) ?? explorer.start;
    explorer.act({ w, b }, "push", true);
    say("Step undone.");
  };

  const back = () => {
    explorer.path = [];
    explorer.before = undefined;
    const [w, b] = explorer.start;
    explorer.act({ w, b }, "push", true);
    say("Back at θ₀.");
  };

  /* When torch has answered after a step: what the step did to the loss. */
  const answered = () => {
    if (waiting) return take();
    const steps = explorer.path?.length ?? 0;
    if (!steps || explorer.before === undefined) return;
    const now = explorer.reply.point.loss;
    const moved = now < explorer.before ? "fell" : now > explorer.before ? "rose: the step was too long" : "did not change";
    say(`Step ${steps}: loss ${explorer.short(explorer.before)} → ${explorer.short(now)}, it ${moved}.`);
  };

  explorer.step = {
    start: () => {
      byId("step").addEventListener("click", take);
      byId("step-undo").addEventListener("click", undo);
      byId("step-back").addEventListener("click", back);
    },
    take, undo, answered, forget,
  };
})();
