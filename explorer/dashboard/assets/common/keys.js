/* Keys: how arrow keys move a point, on every map, cut and datum by one rule. */
(() => {
  const explorer = (window.explorer ??= {});
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const [FURTHER, FINER] = [5, 1 / 50];
  /* One step, as a share of a window's width or height. */
  const STEP = 1 / 160;

  /* The way of an arrow key in steps, [across, up]: five of them with Shift, a fiftieth with Alt; null for other keys. */
  const way = (event) => {
    if (!(event.key in WAYS) || event.ctrlKey || event.metaKey) return null;
    const steps = event.altKey ? FINER : event.shiftKey ? FURTHER : 1;
    return WAYS[event.key].map((side) => side * steps);
  };

  /* Where an arrow key moves a point of a plane, or line, whose axes have these windows; null for other keys. */
  const moved = (event, point, windows) => {
    const steps = way(event)?.slice(0, point.length);
    if (!steps?.some(Boolean)) return null;
    event.preventDefault();
    return point.map((value, axis) => {
      const [low, high] = windows[axis];
      return steps[axis] ? explorer.tidy(value + steps[axis] * STEP * (high - low), windows[axis]) : value;
    });
  };

  explorer.keys = { way, moved, isArrow: (event) => event.key in WAYS };
})();
