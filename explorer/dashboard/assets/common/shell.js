/* Shell: a page's life: it begins when Dash has drawn it, is read from its address, and drawn on every change. */
(() => {
  const explorer = (window.explorer ??= {});
  const FRAME = 16;

  /* What the scripts of a page give the shell, as explorer.page:
       coordinates, moving   keys of the point; keys that change while something is dragged and nothing but it moves
       graphs, parts         ids that Dash has to draw first; names of what has to start then, in this order
       patience, place()     milliseconds until silence is told; the query of the numbers at the point
       ask(query)            ask for what the present state lacks
       answers, replies      reply -> [its question, the query that is wanted now]; reply -> what is done with it
       opened(before)        the address was read; changed(before, patch): what else a change means
       begin, frame, render, redraw    once; on every change but a move; on every change; when the theme has changed
       failed, follow, always, named, own    where a page needs them */

  explorer.note = (notes) => {
    const node = explorer.byId("notes");
    node.hidden = !notes.length;
    node.textContent = notes.join(" ");
  };

  const whenDrawn = (then) => {
    const isDrawn = (id) => document.querySelector(`#${id} .js-plotly-plot`)?._fullLayout;
    if (window.Plotly && explorer.page.graphs.every(isDrawn)) then();
    else setTimeout(whenDrawn, FRAME, then);
  };

  const begin = () => {
    explorer.ready = true;
    for (const part of explorer.page.parts) explorer[part].start();
    explorer.page.begin();
    explorer.controls.start();
    explorer.header.start();
    explorer.clipboard.start();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => explorer.render());
  };

  /* The address as the server has read it, with notes on what it could not take. */
  explorer.opened = ({ state, notes }) => {
    const before = explorer.state;
    explorer.state = state;
    explorer.page.opened(before, notes);
    whenDrawn(() => {
      if (!explorer.ready) begin();
      explorer.note(notes);
      explorer.render();
      explorer.ask();
    });
  };

  /* Draw what follows from the state; only what moves, while only the point is dragged. */
  explorer.render = (moves = false) => {
    if (!explorer.ready) return;
    if (!moves) {
      explorer.page.frame();
      explorer.header.render();
    }
    explorer.page.render(moves);
  };

  /* What Dash calls when the layout is there. */
  explorer.open = (schema) => {
    explorer.schema = schema;
    setTimeout(explorer.reopen);
  };
})();
