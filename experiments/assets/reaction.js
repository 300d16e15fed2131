/* The reaction equation in the browser, between press and release, and what is said of its two terms;
   assets/lesson/preview.js of the explorer tells what each entry is for. */
(() => {
  const explorer = (window.explorer ??= {});
  const short = (value) => explorer.short(value);

  /* u' = ρ u (1 - u): û = (1 + T)/2, T = tanh(w t + b), s = 1 - T², residual (w - ρ/2) s / 2. */
  const at = ([w, b], { x }, { weight, facts }) => {
    const off = w - facts.rho / 2;
    const start = Math.tanh(b);
    const miss = (1 + start) / 2 - facts.u0;
    let [pde, dw, db] = [0, 0, 0];
    for (const t of x) {
      const T = Math.tanh(w * t + b);
      const s = 1 - T * T;
      pde += (s * off) ** 2 / 4;
      dw += (s * s * off) / 2 - off * off * T * s * s * t;
      db -= off * off * T * s * s;
    }
    const n = x.length;
    const ic = [0, weight * miss * (1 - start * start)];
    const terms = { ic: weight * miss * miss, pde: pde / n };
    return {
      loss: terms.ic + terms.pde, terms,
      gradient: [dw / n, ic[1] + db / n],
      pulls: [ic, [dw / n, db / n]], residuals: [], fitted: [],
    };
  };

  /* ---- in words: the weight, the condition number it decides, the plateau that looks converged ---- */
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

  const ofTerms = ({ terms, loss, gradient }, point, { weight, facts }) => {
    const curvatures = [facts.curvature_w, facts.curvature_b * weight];
    const kappa = Math.max(...curvatures) / Math.min(...curvatures);
    const isStuck = isPlateau(facts, weight, loss, gradient, point);
    const said = [values(terms, loss), curvature(facts, curvatures, kappa), balance(facts),
      isStuck ? plateau(weight * facts.plateau_loss) : ELSEWHERE];
    return { said, data: { kappa } };
  };

  (explorer.preview ??= {}).reaction = {
    curve: ([w, b], t) => (1 + Math.tanh(w * t + b)) / 2,
    exact: (t, { rho, u0 }) => 1 / (1 + ((1 - u0) / u0) * Math.exp(-rho * t)),
    fit: { x: [0, 1], y: [-0.1, 1.15], xTitle: "time t", yTitle: "û(t)" },
    at, ofTerms,
  };
})();
