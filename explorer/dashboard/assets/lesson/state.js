/* State of the lesson: what its keys stand for, and what a change of one means for the others. */
(() => {
  const explorer = (window.explorer ??= {});
  /* Until the server has told the window of a learner's own points. */
  const WINDOW = { w: [-4, 4], b: [-4, 4] };
  /* The share of a window that is left beyond a point for which it was widened. */
  const RIM = 0.1;

  explorer.study = () => explorer.schema.studies[explorer.state.study];
  explorer.lossName = (loss = explorer.state.loss) => explorer.study().hidden[loss] ?? loss;
  explorer.lossHidden = () => explorer.state.loss in explorer.study().hidden;
  /* How a loss, a term or an axis is spoken of. */
  explorer.caption = (name) => explorer.study().captions[name] ?? { title: name, meaning: "" };
  explorer.lossTitle = (loss = explorer.state.loss) => (loss in explorer.study().hidden ? "hidden" : explorer.caption(loss).title);
  /* The class that gives a loss its color and dashes: by its place in the study; there are four, then the first again. */
  explorer.lossClass = (loss) => `loss-${1 + (explorer.study().losses.indexOf(loss) % 4)}`;

  /* Whether the loss shown has creases, where there is no second derivative. */
  explorer.hasCreases = () => explorer.study().creased.includes(explorer.lossName()) && !explorer.lossHidden();
  /* The values of the losses' parameters; and whether the loss shown takes one. */
  explorer.parameters = () => explorer.schema.parameters.map((key) => explorer.state[key]);
  explorer.takes = (key) => Boolean(explorer.study().parameters[explorer.lossName()]?.includes(key)) && !explorer.lossHidden();

  /* The data points {x, y}: the learner's own, the target set's, or where a study's terms look. */
  explorer.data = () => {
    const { state } = explorer;
    const study = explorer.study();
    if (study.terms.length) return { x: study.inputs, y: [] };
    if (state.target === "own") return { x: state.points.map((p) => p[0]), y: state.points.map((p) => p[1]) };
    return study.targets[state.target];
  };

  explorer.window = () => {
    const [wl, wh, bl, bh] = explorer.state.window;
    return wh === undefined ? explorer.ownWindow() : squared({ w: [wl, wh], b: [bl, bh] });
  };
  /* The smallest square around a window, as the server makes it: one unit of w is one of b on the screen. */
  const squared = ({ w, b }) => {
    const wide = Math.max(w[1] - w[0], b[1] - b[0]);
    const [low, high] = explorer.schema.limits.theta;
    const ends = ([from, to]) => {
      if (to - from === wide) return [from, to];
      const start = explorer.clamp((from + to - wide) / 2, [low, Math.max(low, high - wide)]);
      return [start, start + wide];
    };
    return { w: ends(w), b: ends(b) };
  };
  /* The square window that belongs to the target set, whatever part of the plane is looked at. */
  explorer.ownWindow = () => {
    const { state, reply } = explorer;
    const study = explorer.study();
    if (study.terms.length) return study.window;
    if (state.target !== "own") return study.targets[state.target].window;
    // Only the server knows the window that fits the learner's own points; until it answers the last one stands.
    return reply.ownWindow ?? WINDOW;
  };

  /* What a change means for the rest of the state. Placing the point begins a new path there; a step (walked) goes on
     with the old one. */
  explorer.consequences = (before, patch, walked = false) => {
    const { state } = explorer;
    const another = patch.target || patch.study;
    if (before.target === "own") explorer.ownPoints = before.points;
    if (state.target !== "own") state.points = [];
    if (patch.study) suit(explorer.study());
    // An exercise belongs to its study.
    if (patch.study && patch.study !== before.study && !patch.activity) state.activity = "";
    if (("w" in patch || "b" in patch) && !walked) explorer.step.begin();
    if (!walked) explorer.step.forget();
    // Another problem has another window.
    if (another && !patch.window) state.window = [];
    if (another) explorer.keepInView();
  };

  /* Where a study lacks the target set or the loss that is shown, its first is. */
  const suit = ({ targets, own, losses, hidden }) => {
    const { state } = explorer;
    const isOwn = own && state.target === "own";
    if (!(state.target in targets || isOwn)) state.target = Object.keys(targets)[0] ?? state.target;
    if (!(losses.includes(state.loss) || state.loss in hidden)) state.loss = losses[0] ?? state.loss;
    if (state.target !== "own") state.points = [];
  };

  /* The point stays where it is: a window that it does not lie in is widened until it does; true if it was. */
  explorer.keepInView = () => {
    const { state } = explorer;
    const now = explorer.window();
    const { theta } = explorer.schema.limits;
    const isAway = (axis) => explorer.isWithin(state[axis], theta) && !explorer.isWithin(state[axis], now[axis]);
    const away = ["w", "b"].filter(isAway);
    if (!away.length) return false;
    const wide = now.w[1] - now.w[0];
    const hold = (axis) => {
      const [low, high] = now[axis];
      const beyond = state[axis] < low ? [state[axis] - wide * RIM, high] : [low, state[axis] + wide * RIM];
      return away.includes(axis) ? beyond.map((end) => explorer.clamp(end, explorer.schema.limits.theta)) : now[axis];
    };
    const { w, b } = squared({ w: hold("w"), b: hold("b") });
    state.window = [...w, ...b];
    return true;
  };
})();
