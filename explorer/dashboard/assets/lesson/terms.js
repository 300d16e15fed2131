/* Terms: the two-term study in words: the weight, the condition number it decides, the plateau that looks converged. */
(() => {
  const explorer = (window.explorer ??= {});
  const byId = (id) => document.getElementById(id);

  const render = () => {
    const { facts } = explorer.study();
    const { weight } = explorer.state;
    const [ic, pde] = [facts.curvature_b * weight, facts.curvature_w];
    const kappa = Math.max(ic, pde) / Math.min(ic, pde);
    const { terms: values, loss } = explorer.numbers();
    const short = explorer.short;
    const { w, b } = explorer.state;
    const plateau = Math.abs(loss - weight * facts.plateau_loss) < 0.02 * weight * facts.plateau_loss && Math.hypot(...explorer.numbers().gradient) < 1e-3 * weight && Math.hypot(w - facts.w_star, b - facts.b_star) > 0.3;
    const node = byId("terms-says");
    node.dataset.kappa = kappa;
    const said = [
      `Here λ·L_ic = ${short(values.ic)}, L_pde = ${short(values.pde)}, total ${short(loss)}.`,
      `At the minimum (w ${short(facts.w_star)}, b ${short(facts.b_star)}) the Hessian is diagonal: ${short(pde)} along w from the equation, ${short(ic)} along b from λ times the initial condition. Condition number κ = ${short(kappa)}.`,
      `κ is ${short(facts.kappa)} at λ = 1 and exactly 1 at λ = ${short(facts.lambda_balance)}: the weight decides how round the bowl is.`,
      plateau ? `This is the u = 0 plateau: the loss, λ·u₀² = ${short(weight * facts.plateau_loss)}, looks converged and the gradient has almost vanished, but û ≈ 0 solves the equation from the wrong start.` : `Try w 2.5, b −4: û ≈ 0 solves the equation but not the initial condition. The loss there is small and flat, and looks converged.`,
    ];
    node.replaceChildren(...said.map((textContent) => explorer.make("p", { textContent })));
  };

  explorer.terms = { render };
})();
