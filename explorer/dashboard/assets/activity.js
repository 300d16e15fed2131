/* Activity: an exercise that sets the scene and looks at what the learner does. The server judges. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  let visits = [];
  let answer = "";
  let drawn = null;
  let revealed = false;

  const active = () => explorer.study()?.activities?.[explorer.state.activity];
  const predicting = () => explorer.state.activity === "predict_arrow" && !revealed;

  const begin = (name) => {
    const study = explorer.schema.studies;
    const home = Object.keys(study).find((key) => study[key].activities[name]);
    const setup = study[home].activities[name].setup;
    const numeric = Object.fromEntries(Object.entries(setup).map(([key, value]) => [key, typeof explorer.schema.defaults[key] === "number" ? Number(value) : value]));
    for (const key of ["layers", "hide", "mode"]) if (typeof numeric[key] === "string") numeric[key] = numeric[key] === "none" ? [] : numeric[key].split(",");
    [visits, answer, drawn, revealed] = [[], "", null, false];
    explorer.act({ study: home, ...numeric, activity: name });
    byId("activity").scrollIntoView({ block: "nearest" });
  };

  /* Leaving shows again what the exercise had hidden. */
  const leave = () => {
    const told = explorer.lossHidden() ? { loss: explorer.lossName() } : {};
    explorer.act({ activity: "", hide: explorer.state.hide.filter((name) => name !== "arrow"), ...told });
  };

  const check = () => explorer.send("check", { activity: explorer.state.activity, visits, answer, at: Date.now() });

  const render = () => {
    const activity = active();
    byId("page").dataset.exercise = predicting() ? "arrow" : explorer.lossHidden() ? "loss" : "";
    const box = byId("activity");
    const name = activity ? explorer.state.activity : "";
    if (box.dataset.name === name) return;
    box.dataset.name = name;
    box.hidden = !activity;
    [visits, answer, drawn, revealed] = [visits.slice(-1), "", null, false];
    byId("activity-verdict").textContent = "";
    byId("activity-verdict").className = "";
    byId("activity-table").replaceChildren();
    if (!activity) return;
    byId("activity-title").textContent = activity.title;
    byId("activity-text").textContent = plain(activity.text);
    byId("activity-answers").replaceChildren(...activity.answers.map(([value, label]) =>
      explorer.make("button", { type: "button", textContent: label, onclick: (event) => reply(value, event.target) })));
  };

  /* The instructions are one short paragraph: their Markdown signs are taken off here. */
  const plain = (text) => text.replace(/\*\*|`|\$/g, "").replace(/\\theta/g, "θ").replace(/\\nabla/g, "∇").replace(/\\delta/g, "δ").replace(/\^\*/g, "*").replace(/\\le/g, "≤");

  const reply = (value, button) => {
    answer = value;
    for (const each of byId("activity-answers").children) each.setAttribute("aria-pressed", String(each === button));
    check();
  };

  explorer.activity = {
    start: () => {
      byId("activity-leave").addEventListener("click", leave);
      document.addEventListener("click", (event) => {
        const name = event.target.closest?.("[data-activity]")?.dataset.activity;
        if (name) explorer.lesson.open(false), begin(name);
      });
    },
    render,
    /* Every committed address while an activity is open. */
    visited: (query) => {
      if (!active()) return;
      if (visits.at(-1) !== query) visits.push(query);
      if (explorer.state.activity !== "predict_arrow") check();
    },
    verdict: (reply) => {
      if (!reply.activity || reply.activity !== explorer.state.activity) return;
      byId("activity-verdict").textContent = (reply.done ? "✓ " : "") + reply.message;
      byId("activity-verdict").className = reply.done ? "done" : "";
      byId("activity-table").replaceChildren(...(reply.table.length ? explorer.table(reply.table).children : []));
      explorer.render();
    },
    /* true or false while a direction is to be predicted, undefined otherwise. */
    hidesArrow: () => (explorer.state.activity === "predict_arrow" ? !revealed : undefined),
    drawing: predicting,
    guessed: () => drawn,
    /* The learner pulls a direction out of the point; on release it is judged and torch's arrow shown beside it. */
    draw: (plot, event, history) => {
      const box = plot.layer.getBoundingClientRect();
      const [x, y] = [plot.px(explorer.state.w), plot.py(explorer.state.b)];
      drawn = [event.clientX - box.left - x, event.clientY - box.top - y];
      if (history !== "live" && Math.hypot(...drawn) > 10) {
        const [ux, uy] = plot.unit;
        answer = String((Math.atan2(drawn[1] / uy, drawn[0] / ux) * 180) / Math.PI);
        revealed = true;
        check();
      }
      explorer.landscape.marks();
    },
  };
})();
