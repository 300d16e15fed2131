/* Activity: an exercise that sets the scene and looks at what the learner does. The server judges. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  /* What an answer does not depend on. */
  const APART = ["n", "view", "layers", "hide", "mode", "weight", "lr", "activity", "opt", "steps", "batch", "seed", "schedule", "at"];
  const SIGNS = [[/\*\*|`|\$/g, ""], [/\\theta/g, "θ"], [/\\nabla/g, "∇"], [/\\delta/g, "δ"], [/\^\*/g, "*"], [/\\le/g, "≤"]];
  /* Addresses, and characters of them, that are kept: a request must not grow too long for the server. */
  const MOST = [200, 40_000];
  let visits = [];
  let answer = "";
  // A drawn direction in pixels, and the place at which it was given as the answer.
  let drawn = null;
  let judgedAt = "";

  const active = () => explorer.study()?.activities?.[explorer.state.activity];
  // What the answer is about: the point, the data and the loss.
  const here = () => explorer.query(explorer.state, APART);
  /* Whether the answer is a direction, drawn out of the point; and whether it is still to be given. */
  const isDrawn = () => Boolean(active()?.drawn);
  const predicting = () => isDrawn() && judgedAt !== here();
  const reset = () => ([answer, drawn, judgedAt] = ["", null, ""]);

  const begin = (name) => {
    const study = explorer.schema.studies;
    const home = Object.keys(study).find((key) => study[key].activities[name]);
    const setup = study[home].activities[name].setup;
    const { mode, n } = explorer.state;
    const scene = Object.fromEntries(Object.entries(setup).map(([key, value]) => [key, read(value, explorer.schema.defaults[key])]));
    visits = [];
    reset();
    explorer.act({ ...explorer.schema.defaults, mode, n, study: home, ...scene, activity: name });
    byId("activity").scrollIntoView({ block: "nearest" });
  };
  /* A text of the set-up as a value of the state, of the kind that the default has. */
  const read = (text, fallback) => {
    if (typeof text !== "string") return text;
    if (typeof fallback === "number") return Number(text);
    return Array.isArray(fallback) ? text.split(",").filter((name) => name !== "none") : text;
  };

  /* Leaving shows again what the exercise had hidden. */
  const leave = () => {
    const told = explorer.lossHidden() ? { loss: explorer.lossName() } : {};
    explorer.act({ activity: "", hide: explorer.state.hide.filter((name) => name !== "arrow"), ...told });
  };

  const check = () => explorer.send("check", { activity: explorer.state.activity, visits, answer });

  const render = () => {
    const activity = active();
    byId("page").dataset.exercise = predicting() ? "arrow" : explorer.lossHidden() ? "loss" : "";
    const box = byId("activity");
    const name = activity ? explorer.state.activity : "";
    if (box.dataset.name === name) return;
    box.dataset.name = name;
    box.hidden = !activity;
    visits = visits.slice(-1);
    reset();
    tell("", false, []);
    if (!activity) return;
    byId("activity-title").textContent = activity.title;
    byId("activity-text").textContent = plain(activity.text);
    byId("activity-answers").replaceChildren(...activity.answers.map(([value, label]) =>
      explorer.make("button", { type: "button", textContent: label, onclick: (event) => reply(value, event.target) })));
  };

  /* The instructions are one short paragraph: their Markdown signs are taken off here. */
  const plain = (text) => SIGNS.reduce((said, [sign, letter]) => said.replace(sign, letter), text);

  const reply = (value, button) => {
    answer = value;
    for (const each of byId("activity-answers").children) explorer.controls.press(each, each === button);
    check();
  };

  const tell = (text, done, table) => {
    byId("activity-verdict").textContent = text;
    byId("activity-verdict").className = done ? "done" : "";
    byId("activity-table").replaceChildren(...(table.length ? explorer.table(table).children : []));
  };

  /* The direction drawn becomes the answer: an angle in the (w, b) plane, whatever the scales of the axes. */
  const judge = (plot) => {
    const [ux, uy] = plot.unit;
    answer = String((Math.atan2(drawn[1] / uy, drawn[0] / ux) * 180) / Math.PI);
    judgedAt = here();
    check();
  };

  explorer.activity = {
    start: () => {
      byId("activity-leave").addEventListener("click", leave);
      document.addEventListener("click", (event) => {
        const name = event.target.closest?.("[data-activity]")?.dataset.activity;
        if (name) explorer.drawer.open(false), begin(name);
      });
    },
    render,
    /* Every committed address while an activity is open. */
    visited: (query) => {
      if (!active()) return;
      if (visits.at(-1) !== query) visits.push(query);
      while (visits.length > MOST[0] || visits.join().length > MOST[1]) visits.shift();
      // At a new place the question is new.
      if (judgedAt && judgedAt !== here()) {
        reset();
        tell("", false, []);
      }
      if (!isDrawn()) check();
    },
    verdict: (reply) => {
      if (!reply.activity || reply.activity !== explorer.state.activity) return;
      tell((reply.done ? "✓ " : "") + reply.message, reply.done, reply.table);
      explorer.render();
    },
    /* true or false while a direction is to be predicted, undefined otherwise. */
    hidesArrow: () => (isDrawn() ? predicting() : undefined),
    drawing: predicting,
    guessed: () => (isDrawn() ? drawn : null),
    /* Arrow keys turn the drawn direction, Enter gives it as the answer. */
    turn: (plot, event) => {
      const by = { ArrowLeft: 1, ArrowUp: 1, ArrowRight: -1, ArrowDown: -1 }[event.key];
      if (event.key === "Enter" && drawn) return judge(plot);
      if (!by) return;
      const angle = drawn ? Math.atan2(-drawn[1], drawn[0]) + (by * (event.shiftKey ? 15 : 5) * Math.PI) / 180 : 0;
      drawn = [90 * Math.cos(angle), -90 * Math.sin(angle)];
      explorer.landscape.marks();
    },
    /* The learner pulls a direction out of the point; on release it is judged and torch's arrow shown beside it. */
    draw: (plot, event, history) => {
      const box = plot.layer.getBoundingClientRect();
      const [x, y] = plot.pixel(explorer.theta());
      drawn = [event.clientX - box.left - x, event.clientY - box.top - y];
      if (history !== "live" && Math.hypot(...drawn) > 10) judge(plot);
      explorer.landscape.marks();
    },
  };
})();
