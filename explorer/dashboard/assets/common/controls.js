/* Controls: buttons and inputs show the state, and change it. */
(() => {
  const explorer = (window.explorer ??= {});
  const every = (selector) => document.querySelectorAll(selector);
  const press = (node, isPressed) => node.setAttribute("aria-pressed", String(isPressed));

  const hide = () => {
    for (const node of every("[data-hide]")) node.classList.toggle("hidden-by-link", explorer.state.hide.includes(node.dataset.hide));
  };

  const render = () => {
    const { state } = explorer;
    hide();
    for (const node of every("[data-set-key]")) press(node, String(state[node.dataset.setKey]) === node.dataset.value);
    for (const node of every("[data-toggle-key]")) press(node, state[node.dataset.toggleKey].includes(node.dataset.value));
  };

  /* Show a value in an input; one that is being typed in is left alone. */
  const field = (id, value) => {
    const node = explorer.byId(id);
    if (document.activeElement !== node) node.value = String(value);
    node.dataset.value = String(value);
  };

  /* A list with one more or one less, in the order of its buttons. */
  const toggled = (key, value) => {
    const has = (name) => explorer.state[key].includes(name);
    return [...every(`[data-toggle-key="${key}"]`)].map((node) => node.dataset.value).filter((name) => has(name) !== (name === value));
  };

  const clicked = (event) => {
    const node = event.target.closest?.("[data-set-key], [data-toggle-key], [data-download]");
    if (!node) return;
    const { state } = explorer;
    const { setKey: key, toggleKey: list, value, download } = node.dataset;
    if (download) return explorer.send("download", { query: explorer.query(state), kind: download });
    if (list) return explorer.act({ [list]: toggled(list, value) });
    node.closest("details")?.removeAttribute("open");
    if (explorer.page.own?.(key, value)) return;
    explorer.act({ [key]: typeof state[key] === "number" ? Number(value) : value });
  };

  const refusal = (name, [low, high], isWhole, typed, stays) => {
    const came = typed === "" ? "" : `, ${typed} came`;
    return `${name}: a ${isWhole ? "whole " : ""}number from ${low} to ${high} was expected${came}; ${name} stays ${stays}.`;
  };

  /* A typed number: taken when finished, refused in words, never replaced silently. */
  const typed = (key, range, isWhole = false) => {
    const node = explorer.byId(key);
    const finish = () => {
      const value = node.value === "" ? NaN : Number(node.value);
      const isFine = explorer.isWithin(value, range) && !(isWhole && value % 1);
      node.setAttribute("aria-invalid", String(!isFine));
      const name = explorer.page.named?.(key) ?? key;
      explorer.note(isFine ? [] : [refusal(name, range, isWhole, node.value, explorer.state[key])]);
      if (isFine && value !== explorer.state[key]) explorer.act({ [key]: value });
    };
    node.addEventListener("change", finish);
    node.addEventListener("keydown", (event) => event.key === "Enter" && finish());
    node.addEventListener("blur", () => {
      node.value = String(explorer.state[key]);
      node.removeAttribute("aria-invalid");
    });
  };

  explorer.controls = { start: () => document.addEventListener("click", clicked), render, hide, press, field, typed };
})();
