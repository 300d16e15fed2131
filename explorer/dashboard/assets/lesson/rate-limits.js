/* Limits: what the curvature at the point says about the rate, as ticks on its slider and in words. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);
  const short = (value) => explorer.short(value);
  let found = null;

  const tick = (rate, name, side) => {
    const [low, high] = explorer.schema.limits.lr.map(Math.log10);
    const share = (Math.log10(rate) - low) / (high - low);
    if (rate === null || share < 0 || share > 1) return [];
    const node = explorer.make("span", { className: `rate-tick ${side}`, textContent: name });
    // The middle of a slider's thumb goes from half its width to half its width before the end.
    node.style.left = `calc(8px + ${share} * (100% - 16px))`;
    node.dataset.rate = rate;
    return [node];
  };

  const words = ({ lambda_min: low, lambda_max: high, condition, stable_rate: stable, best_rate: best }) => {
    if (!Number.isFinite(high)) return "The curvature here is not finite.";
    const ends = `At this point λmax = ${short(high)}, λmin = ${short(low)}`;
    const [lowest, highest] = explorer.curvature.signs([low, high]);
    if (stable === null || highest <= 0) return `${ends}: the ground bends up in no direction, so the quadratic model sets no limit here.`;
    const limit = `In the quadratic model at this point gradient descent grows above 2/λmax = ${short(stable)}`;
    const fastest = best === null
      ? `; the ground ${lowest ? "bends down" : "is flat"} in one direction, so no rate is best`
      : ` and is fastest at 2/(λmin + λmax) = ${short(best)}`;
    const kink = explorer.hasCreases() ? ` The creases of ${explorer.lossTitle()} are not in it.` : "";
    const ratio = condition === null ? "" : `, κ = ${short(condition)}`;
    return `${ends}${ratio}. ${limit}${fastest}. Elsewhere the curvature is another.${kink}`;
  };

  explorer.rateLimits = {
    start: () => {
      for (const id of ["rate-best", "rate-stable"]) {
        byId(id).addEventListener("click", () => found && explorer.act({ lr: Number(byId(id).dataset.rate) }));
      }
    },
    render: () => {
      found = explorer.paths.why()?.limits ?? null;
      if (!found) return;
      byId("rate-ticks").replaceChildren(...tick(found.best_rate, "best", "before"), ...tick(found.stable_rate, "2/λmax", "after"));
      byId("rate-says").textContent = words(found);
      const [low, high] = explorer.schema.limits.lr;
      for (const [id, rate] of [["rate-best", found.best_rate], ["rate-stable", found.stable_rate]]) {
        byId(id).disabled = !(rate >= low && rate <= high);
        byId(id).dataset.rate = rate;
      }
    },
  };
})();
