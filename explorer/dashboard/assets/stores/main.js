/* Main of /slice: start when Dash has drawn the page, hand every reply and every control to its part. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const GRAPHS = ["landscape", "map-1", "cut-a", "cut-b"];
  let ready = false;

  explorer.make = (name, properties = {}, children = []) => {
    const node = Object.assign(document.createElement(name), properties);
    node.append(...children);
    return node;
  };

  /* ---- replies ---- */
  const receive = {
    opened: ({ state, notes }) => {
      if (explorer.state?.store !== state.store) explorer.reply = { listed: explorer.reply.listed };
      explorer.take(state);
      whenDrawn(() => {
        if (!ready) begin();
        note((explorer.opening = notes));
        explorer.render();
        explorer.asked = {};
        explorer.ask();
      });
    },
    drawn: (reply) => {
      if (reply.query !== explorer.scene()) return;
      explorer.answered.scene = true;
      note([...explorer.opening, ...(reply.error ? [reply.error] : reply.notes)]);
      if (reply.error) {
        // In its place the list, to choose another from.
        explorer.reply = { listed: explorer.reply.listed, failed: true };
        explorer.render();
        return explorer.reply.listed && explorer.list.listed(explorer.reply.listed);
      }
      const sides = reply.sides.map(explorer.side);
      explorer.reply.scene = { ...reply, sides, decoded: reply.maps.map(explorer.colors.decode) };
      explorer.reply.pace = reply.pace;
      // What is drawn is what the controls and the address say, even where another was asked for.
      if (reply.quantity !== explorer.state.quantity) {
        explorer.take({ ...explorer.state, quantity: reply.quantity });
        explorer.reply.scene.query = explorer.scene();
        explorer.asked.scene = `${explorer.scene()}|${explorer.grown}`;
      }
      explorer.render();
      show();
      explorer.list.progress();
      explorer.list.watch();
    },
    point: (reply) => {
      if (reply.query !== explorer.place()) return;
      explorer.answered.commit = true;
      explorer.reply.point = { ...reply, asked: reply.query };
      if (reply.error) explorer.reply.point = undefined, note([reply.error]);
      explorer.render(true);
    },
    watched: (reply) => explorer.list.watched(reply),
    listed: (reply) => explorer.list.listed(reply),
    downloaded: (reply) => {
      if (reply.error) return note([`There is no such file: ${reply.error}`]);
      if (reply.figure) return Plotly.downloadImage({ ...reply.figure, config: {} }, { format: reply.kind, filename: reply.name, width: 900, height: reply.height, scale: 2 });
      const bytes = Uint8Array.from(atob(reply.content), (c) => c.charCodeAt(0));
      const link = explorer.make("a", { href: URL.createObjectURL(new Blob([bytes])), download: reply.filename });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };
  explorer.receive = (store, data) => receive[store](data);

  const whenDrawn = (then) => {
    const drawn = window.Plotly && GRAPHS.every((id) => document.querySelector(`#${id} .js-plotly-plot`)?._fullLayout);
    if (drawn) then();
    else setTimeout(whenDrawn, 16, then);
  };

  const note = (explorer.note = (notes) => {
    const node = byId("notes");
    node.hidden = !notes.length;
    node.textContent = notes.join(" ");
  });

  /* ---- drawing everything that follows from the state; only what moves, while only the point does ---- */
  explorer.render = (moves = false) => {
    if (!ready) return;
    if (!moves) frame();
    explorer.maps.marks();
    explorer.cuts.marks();
    explorer.point.render();
    explorer.training.render();
  };

  const show = () => {
    explorer.maps.show();
    explorer.cuts.show();
    explorer.point.render();
    explorer.training.render();
  };

  const frame = () => {
    const { state, reply } = explorer;
    const { scene } = reply;
    const page = byId("page");
    const line = scene?.axes.length === 1;
    page.dataset.view = line ? "cuts" : state.view;
    page.dataset.axes = scene?.axes.length ?? 0;
    explorer.list.render();
    byId("maps").classList.toggle("pending", Boolean(scene) && scene.query !== explorer.scene());
    hide();
    quantities(scene?.quantities ?? []);
    for (const node of document.querySelectorAll("[data-set-key]")) node.setAttribute("aria-pressed", String(String(state[node.dataset.setKey]) === node.dataset.value));
    for (const node of document.querySelectorAll("[data-toggle-key]")) node.setAttribute("aria-pressed", String(state[node.dataset.toggleKey].includes(node.dataset.value)));
    if (scene) titles(scene, state, line);
    else byId("formula").textContent = "";
    modes(state);
  };

  const hide = () => {
    for (const node of document.querySelectorAll("[data-hide]")) node.classList.toggle("hidden-by-link", explorer.state.hide.includes(node.dataset.hide));
  };

  const titles = (scene, state, line) => {
    byId("formula").textContent = state.store;
    byId("landscape-title").textContent = `${state.quantity} of ${scene.model || "a model"} over ${scene.axes.join(" and ")}`;
    // Where there are maps their legends say this.
    const holes = line ? scene.bands[0]?.holes : 0;
    const notFinite = holes ? `${holes} computed point${holes > 1 ? "s are" : " is"} not finite and left empty.` : "";
    byId("map-says").textContent = line || state.view !== "map" ? notFinite
      : `Click or drag; arrow keys when focused. White arrow: the part of −∇L that lies in the plane; ${explorer.marks.LONGEST} px times √(m/(1+m)) long, m its length in θ. Where the directions are not orthogonal it need not cross the contours at a right angle.`;
    document.querySelector("#cuts-card h2").textContent = line ? `Along ${scene.axes[0]}` : "Cuts through the point";
    byId("interpolated").textContent = scene.interpolated;
    byId("interpolated").hidden = !scene.interpolated;
    byId("layers-points").hidden = !scene.sides.some(({ evaluated }) => evaluated);
    const seeds = scene.bands[0]?.seeds ?? 1;
    byId("cuts-say").textContent = line && seeds > 1 ? `Median of ${seeds} seeds, in the band from the lowest to the highest. Numbers at the point are those of the first.` : state.with && !line ? `Dashed: ${state.with}.` : "";
  };

  /* The store decides which quantities there are. */
  const quantities = (names) => {
    const group = byId("quantities").querySelector(".segmented");
    if (group.dataset.names === JSON.stringify(names)) return;
    group.dataset.names = JSON.stringify(names);
    group.replaceChildren(...names.map((name) => {
      const button = explorer.make("button", { type: "button", textContent: name === "gradient_norm" ? "‖∇L‖" : name, title: name });
      Object.assign(button.dataset, { setKey: "quantity", value: name });
      return button;
    }));
  };

  const modes = (state) => {
    const root = document.documentElement;
    const dark = state.mode.includes("dark") || (!state.mode.includes("light") && matchMedia("(prefers-color-scheme: dark)").matches);
    const wanted = [dark ? "dark" : "light", state.mode.includes("projector") ? "on" : "off"];
    if (root.dataset.theme === wanted[0] && root.dataset.projector === wanted[1]) return;
    [root.dataset.theme, root.dataset.projector] = wanted;
    byId("projector").setAttribute("aria-pressed", String(wanted[1] === "on"));
    requestAnimationFrame(() => {
      explorer.ask();
      if (explorer.reply.scene) show();
    });
  };

  /* ---- controls to state ---- */
  const begin = () => {
    ready = true;
    for (const part of ["maps", "cuts", "list", "training"]) explorer[part].start();
    // The cards below come when they come, often after everything else is drawn.
    new MutationObserver(hide).observe(byId("about"), { childList: true, subtree: true });
    document.addEventListener("click", clicked);
    for (const key of ["a", "b"]) typed(key, ...explorer.schema.coordinate);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => explorer.render());
  };

  const clicked = (event) => {
    const node = event.target.closest?.("[data-set-key], [data-toggle-key], [data-download], #copy-command");
    const { state } = explorer;
    if (!node) return;
    const { setKey: key, toggleKey: many, value, download } = node.dataset;
    if (node.id === "copy-command") return copy(node);
    if (download) return explorer.send("download", { query: explorer.query(state), kind: download, at: Date.now() });
    if (many) return explorer.act({ [many]: explorer.schema[many].filter((each) => (each === value) !== state[many].includes(each)) });
    explorer.act({ [key]: value });
  };

  const copy = async (button) => {
    try {
      await navigator.clipboard.writeText(byId("command").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(byId("command"));
      button.textContent = "Press Ctrl+C";
    }
    setTimeout(() => (button.textContent = "Copy"), 1500);
  };

  /* A typed number: taken when finished, refused in words, never replaced silently. */
  const typed = (key, low, high) => {
    const node = byId(key);
    const finish = () => {
      const value = node.value === "" ? NaN : Number(node.value);
      const fine = Number.isFinite(value) && value >= low && value <= high;
      node.setAttribute("aria-invalid", String(!fine));
      const name = node.closest("label").querySelector(".label").textContent;
      if (!fine) return note([`${name}: a number from ${low} to ${high} was expected${node.value === "" ? "" : `, ${node.value} came`}; it stays ${explorer.state[key]}.`]);
      note([]);
      if (value !== explorer.state[key]) explorer.act({ [key]: value });
    };
    node.addEventListener("change", finish);
    node.addEventListener("keydown", (event) => event.key === "Enter" && finish());
    node.addEventListener("blur", () => { node.value = String(explorer.state[key]); node.removeAttribute("aria-invalid"); });
  };

  /* What is shown must not stand under other controls without a word when the server could not answer. */
  const real = window.fetch;
  window.fetch = async (...given) => {
    const failed = (why) => {
      if (!String(given[0].url ?? given[0]).includes("_dash-update-component")) return;
      // The next change asks for everything again.
      explorer.asked = {};
      if (!ready) setTimeout(explorer.reopen, 2000);
      else explorer.list.watch();
      note([ready ? `The server could not answer (${why}): what is shown may be older than the controls.` : `The server does not answer yet (${why}); trying again.`]);
    };
    const reply = await real(...given).catch((error) => {
      failed("no connection");
      throw error;
    });
    if (!reply.ok) failed(reply.status);
    return reply;
  };

  /* The address is read by the server, by the same rules on opening and on Back and Forward. */
  const open = (explorer.reopen = () => explorer.send("address", { query: location.search, at: Date.now() }));
  explorer.open = (schema) => {
    explorer.schema = schema;
    setTimeout(open);
  };
  window.addEventListener("popstate", open);
})();
