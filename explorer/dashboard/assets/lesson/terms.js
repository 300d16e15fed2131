/* Terms: the two-term study in words: the weight, the condition number it decides, the plateau that looks converged. */
(() => {
  const explorer = (window.explorer ??= {});
  const short = (value) => explorer.short(value);

  const values = ({ ic, pde }, loss) => `Here λ·L_ic = ${short(ic)}, L_pde = ${short(pde)}, total ${short(loss)}.`;

  const curvature = ({ w_star: w, b_star: b }, [pde, ic], kappa) =>
    `At the minimum (w ${short(w)}, b ${short(b)}) the Hessian is diagonal: ${short(pde)} along w from the equation, ` +
    `${short(ic)} along b from λ times the initial condition. Condition number κ = ${short(kappa)}.`;

  const balance = ({ kappa, lambda_balance: weight }) =>
    `κ is ${short(kappa)} at λ = 1 and exactly 1 at λ = ${short(weight)}: the weight decides how round the bowl is.`;

  const plateau = (loss) =>
    `This is the u = 0 plateau: the loss, λ·u₀² = ${short(loss)}, looks converged and the gradient has almost vanished, ` +
    "but û ≈ 0 solves the equation from the wrong start.";

  const ELSEWHERE = "Try w 2.5, b −4: û ≈ 0 solves the equation but not the initial condition. The loss there is small and flat, " +
    "and looks converged.";

  const isPlateau = ({ plateau_loss: low, w_star: w, b_star: b }, weight, loss, gradient, point) =>
    Math.abs(loss - weight * low) < 0.02 * weight * low && Math.hypot(...gradient) < 1e-3 * weight
    && Math.hypot(point[0] - w, point[1] - b) > 0.3;

  const render = () => {
    const { facts } = explorer.study();
    const { weight } = explorer.state;
    const { terms, loss, gradient } = explorer.readout.numbers();
    const curvatures = [facts.curvature_w, facts.curvature_b * weight];
    const kappa = Math.max(...curvatures) / Math.min(...curvatures);
    const isStuck = isPlateau(facts, weight, loss, gradient, explorer.theta());
    const said = [values(terms, loss), curvature(facts, curvatures, kappa), balance(facts),
      isStuck ? plateau(weight * facts.plateau_loss) : ELSEWHERE];
    const node = explorer.byId("terms-says");
    node.dataset.kappa = kappa;
    node.replaceChildren(...said.map((textContent) => explorer.make("p", { textContent })));
  };

  explorer.terms = { render };
})();
