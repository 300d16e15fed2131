/* Header: projector and theme. */
(() => {
  const explorer = (window.explorer ??= {});

  /* The modes of the state, one of them on or off; a theme that is chosen takes the other's place. */
  const switched = (name, isOn) => explorer.schema.modes.filter((mode) => (mode === name ? isOn : explorer.state.mode.includes(mode)));
  const themed = (name) => switched(name, true).filter((mode) => mode === name || mode === "projector");

  const buttons = {
    projector: () => explorer.act({ mode: switched("projector", !explorer.state.mode.includes("projector")) }),
    theme: () => explorer.act({ mode: themed(document.documentElement.dataset.theme === "dark" ? "light" : "dark") }),
  };

  explorer.header = {
    start: () => document.addEventListener("click", (event) => buttons[event.target.closest?.("button")?.id]?.()),
    /* Theme and size of the whole page; what is drawn in its colors is drawn again. */
    render: () => {
      const { dataset } = document.documentElement;
      const { mode } = explorer.state;
      const prefersDark = !mode.includes("light") && matchMedia("(prefers-color-scheme: dark)").matches;
      const [theme, projector] = [mode.includes("dark") || prefersDark ? "dark" : "light", mode.includes("projector") ? "on" : "off"];
      if (dataset.theme === theme && dataset.projector === projector) return;
      Object.assign(dataset, { theme, projector });
      explorer.controls.press(explorer.byId("projector"), projector === "on");
      requestAnimationFrame(() => {
        explorer.ask();
        explorer.page.redraw();
      });
    },
  };
})();
