/* Header: the lesson's drawer, copying, projector and theme. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);

  explorer.lesson = {
    open: (wanted) => {
      byId("lesson").hidden = !wanted;
      byId("lesson-button").setAttribute("aria-expanded", String(wanted));
      if (wanted) explorer.send("lesson-query", { open: true }), byId("lesson-close").focus();
    },
  };

  /* Copy a text that is shown in `shown`, if anywhere; the button says that it is done. */
  const copy = explorer.copy = async (text, button, shown) => {
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Without a secure context there is no clipboard: show the text where it can be selected.
      if (shown) getSelection().selectAllChildren(shown), (button.textContent = "Press Ctrl+C");
      else explorer.note([`Copy this address: ${text}`]);
    }
    setTimeout(() => (button.textContent = label), 1500);
  };

  /* The lesson's links set the page without loading it anew. */
  document.addEventListener("click", (event) => {
    const link = event.target.closest?.("#lesson a[href^='/?']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    window.history.pushState({}, "", link.getAttribute("href"));
    explorer.lesson.open(false);
    explorer.reopen();
  });

  const buttons = {
    "lesson-button": () => explorer.lesson.open(byId("lesson").hidden),
    "lesson-close": () => (explorer.lesson.open(false), byId("lesson-button").focus()),
    "code-button": () => byId("code-card").scrollIntoView({ behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" }),
    "copy-link": () => copy(location.href, byId("copy-link")),
    "copy-code": () => copy(byId("code").textContent, byId("copy-code"), byId("code")),
    projector: () => mode("projector", !explorer.state.mode.includes("projector")),
    theme: () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"),
  };
  const mode = (name, on) => explorer.act({ mode: explorer.schema.modes.filter((each) => (each === name ? on : explorer.state.mode.includes(each))) });
  const theme = (name) => explorer.act({ mode: explorer.schema.modes.filter((each) => each === name || (each === "projector" && explorer.state.mode.includes(each))) });
  document.addEventListener("click", (event) => buttons[event.target.closest?.("button")?.id]?.());
})();
