/* Drag: press, move and release on a node: live frames, then one finished change. */
(() => {
  const explorer = (window.explorer ??= {});

  /* `grip` says what a press takes hold of, nothing where it takes none; the others are told it:
     move(event, "live" or "push", held), cancel(held), and hover(event) while nothing is held. */
  explorer.drags = (node, { grip, move, cancel = () => explorer.act({}), hover = () => {} }) => {
    let held = null;
    const end = (finish) => (event) => {
      if (!held) return;
      const what = held;
      held = null;
      finish(event, what);
    };
    node.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      held = grip(event);
      if (!held) return;
      node.setPointerCapture(event.pointerId);
      node.focus({ preventScroll: true });
      event.preventDefault();
      move(event, "live", held);
    });
    node.addEventListener("pointermove", (event) => (held ? move(event, "live", held) : hover(event)));
    node.addEventListener("pointerup", end((event, what) => move(event, "push", what)));
    node.addEventListener("pointercancel", end((event, what) => cancel(what)));
  };
})();
