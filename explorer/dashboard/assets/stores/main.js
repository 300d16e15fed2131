/* Main of /slice: its parts, what is drawn when, and what each reply is for. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  /* What the address said that could not be taken; told until the reader changes something. */
  let opening = [];

  /* ---- replies ---- */
  /* In the place of what cannot be shown the list, to choose another from. */
  const refused = () => {
    const { listed } = explorer.reply;
    explorer.reply = { listed, failed: true };
    explorer.render();
    if (listed) explorer.listing.listed(listed);
  };
  const drawn = (reply) => {
    explorer.note([...opening, ...(reply.error ? [reply.error] : reply.notes)]);
    if (reply.error) return refused();
    const scene = { ...reply, sides: reply.sides.map(explorer.side), decoded: reply.maps.map(explorer.colors.decode) };
    Object.assign(explorer.reply, { scene, pace: reply.pace });
    // What is drawn is what the controls and the address say, even where another was asked for.
    if (reply.quantity !== explorer.state.quantity) {
      explorer.state.quantity = reply.quantity;
      scene.query = explorer.scene();
      explorer.asked.scene = `${scene.query}|${explorer.grown}`;
    }
    explorer.render();
    show();
    explorer.listing.progress();
    explorer.listing.watch();
  };
  /* Milliseconds after which torch's numbers are asked for again, while its objective is being made. */
  const AGAIN = 1000;
  const askAgain = (reply) => {
    if (explorer.reply.point !== reply) return;
    delete explorer.asked.commit;
    explorer.ask();
  };
  const point = (reply) => {
    explorer.reply.point = reply.error ? undefined : reply;
    if (reply.error) explorer.note([reply.error]);
    if (reply.again || reply.beside?.again) setTimeout(askAgain, AGAIN, reply);
    explorer.render(true);
  };
  const downloaded = (reply) => {
    if (reply.error) return explorer.note([`There is no such file: ${reply.error}`]);
    if (reply.figure) return explorer.savePicture(reply);
    const bytes = Uint8Array.from(atob(reply.content), (c) => c.charCodeAt(0));
    const link = explorer.make("a", { href: URL.createObjectURL(new Blob([bytes])), download: reply.filename });
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  /* ---- drawing everything that follows from the state; only what moves, while only the point does ---- */
  const render = () => {
    explorer.maps.marks();
    explorer.cuts.marks();
    explorer.point.render();
    explorer.training.render();
  };

  const show = () => {
    if (!explorer.reply.scene) return;
    explorer.maps.show();
    explorer.cuts.show();
    explorer.point.render();
    explorer.training.render();
  };

  const frame = () => {
    const { state, reply: { scene } } = explorer;
    const isLine = scene?.axes.length === 1;
    Object.assign(byId("page").dataset, { view: isLine ? "cuts" : state.view, axes: scene?.axes.length ?? 0 });
    byId("maps").classList.toggle("pending", Boolean(scene) && scene.query !== explorer.scene());
    explorer.listing.render();
    quantities(scene?.quantities ?? []);
    explorer.controls.render();
    byId("formula").textContent = scene ? state.store : "";
    if (scene) words(scene, state, isLine);
  };

  /* ---- in words ---- */
  const HINT = "Click or drag; arrow keys when focused. White arrow: the part of −∇L that lies in the plane;";
  const hint = (longest) => `${HINT} ${longest} px times √(m/(1+m)) long, m its length in θ. ` +
    "Where the directions are not orthogonal it need not cross the contours at a right angle.";
  const notFinite = (holes) => (holes ? `${holes} computed point${holes > 1 ? "s are" : " is"} not finite and left empty.` : "");
  const cuts = (isLine, seeds, beside) => {
    if (!isLine) return beside ? `Dashed: ${beside}.` : "";
    if (seeds < 2) return "";
    return `Median of ${seeds} seeds, in the band from the lowest to the highest. Numbers at the point are those of the first.`;
  };
  const words = ({ axes, bands, interpolated, model, sides }, state, isLine) => {
    byId("landscape-title").textContent = `${state.quantity} of ${model || "a model"} over ${axes.join(" and ")}`;
    // Where there are maps their legends tell the holes.
    const hasMaps = !isLine && state.view === "map";
    byId("map-says").textContent = hasMaps
      ? `${hint(explorer.marks.LONGEST)} ${explorer.maps.scales()}`.trim()
      : notFinite(isLine && bands[0]?.holes);
    document.querySelector("#cuts-card h2").textContent = isLine ? `Along ${axes[0]}` : "Cuts through the point";
    byId("interpolated").textContent = interpolated;
    byId("interpolated").hidden = !interpolated;
    byId("layers-points").hidden = !sides.some(({ evaluated }) => evaluated);
    byId("cuts-say").textContent = cuts(isLine, bands[0]?.seeds ?? 1, state.with);
  };

  /* The store decides which quantities there are. */
  const quantities = (names) => {
    const group = byId("quantities").querySelector(".segmented");
    if (group.dataset.names === JSON.stringify(names)) return;
    group.dataset.names = JSON.stringify(names);
    group.replaceChildren(...names.map((title) => {
      const button = explorer.make("button", { type: "button", textContent: title === "gradient_norm" ? "‖∇L‖" : title, title });
      Object.assign(button.dataset, { setKey: "quantity", value: title });
      return button;
    }));
  };

  /* ---- controls to state ---- */
  const begin = () => {
    // The cards below come when they come, often after everything else is drawn.
    new MutationObserver(explorer.controls.hide).observe(byId("about"), { childList: true, subtree: true });
    for (const key of ["a", "b"]) explorer.controls.typed(key, explorer.schema.coordinate);
  };

  explorer.page = {
    coordinates: ["a", "b"], moving: ["a", "b", "at"], patience: 20_000,
    graphs: ["landscape", "map-1", "cut-a", "cut-b"],
    parts: ["maps", "cuts", "listing", "training"],
    begin, frame, render,
    replies: {
      drawn, point, downloaded,
      watched: (reply) => explorer.listing.watched(reply),
      listed: (reply) => explorer.listing.listed(reply),
    },
    answers: {
      drawn: ["scene", () => explorer.scene()],
      point: ["commit", () => explorer.page.place()],
      watched: ["watch", () => explorer.scene()],
    },
    place: () => explorer.questions.place(),
    ask: () => explorer.questions.ask(),
    named: (key) => byId(key).closest("label").querySelector(".label").textContent,
    opened: (before, notes) => {
      opening = notes;
      explorer.asked = {};
      if (before?.store !== explorer.state.store) explorer.reply = { listed: explorer.reply.listed };
    },
    changed: () => (opening = []),
    failed: () => explorer.listing.watch(),
    redraw: show,
  };
})();
