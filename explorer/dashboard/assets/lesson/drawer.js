/* Drawer: the lesson's text beside the map; its links set the page without loading it anew. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);

  const open = (isWanted) => {
    byId("lesson").hidden = !isWanted;
    byId("lesson-button").setAttribute("aria-expanded", String(isWanted));
    if (!isWanted) return;
    // The text is long, and typeset when it comes: once is enough.
    if (!byId("lesson-text").children.length) explorer.send("lesson-query", { open: true });
    byId("lesson-close").focus();
  };
  const close = () => {
    open(false);
    byId("lesson-button").focus();
  };

  const follow = (event) => {
    const link = event.target.closest?.("#lesson a[href^='/?']");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    window.history.pushState({}, "", link.getAttribute("href"));
    open(false);
    explorer.reopen();
  };

  explorer.drawer = {
    open,
    start: () => {
      byId("lesson-button").addEventListener("click", () => open(byId("lesson").hidden));
      byId("lesson-close").addEventListener("click", close);
      document.addEventListener("click", follow);
      document.addEventListener("keydown", (event) => event.key === "Escape" && !byId("lesson").hidden && close());
    },
  };
})();
