/* Names: axes, stores and checkpoints have names that others gave them: data, and as long as they like. */
(() => {
  const explorer = (window.explorer ??= {});
  const LONGEST = 28;

  /* A name where there is little room. */
  const brief = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST - 1)}…` : text);

  /* The title of an axis, letter for letter: Plotly takes some tags. */
  const title = (text) => brief(text).replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

  explorer.names = { brief, title };
})();
