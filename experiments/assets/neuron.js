/* The tanh neuron in the browser, between press and release; assets/lesson/preview.js of the explorer tells what each
   entry is for. */
(() => {
  const explorer = (window.explorer ??= {});
  const short = (value) => explorer.short(value);
  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /* log cosh: for small r the difference of two large numbers is avoided, for large r the overflow of cosh. */
  const logCosh = (r) => {
    const a = Math.abs(r);
    return a < 1 ? Math.log1p(2 * Math.sinh(a / 2) ** 2) : a + Math.log1p(Math.exp(-2 * a)) - Math.LN2;
  };

  const losses = {
    mse: { ell: (r) => r * r, slope: (r) => 2 * r },
    mae: { ell: (r) => Math.abs(r), slope: (r) => Math.sign(r) },
    huber: {
      ell: (r, { delta: d }) => (Math.abs(r) <= d ? (r * r) / 2 : d * (Math.abs(r) - d / 2)),
      slope: (r, { delta: d }) => Math.max(-d, Math.min(d, r)),
    },
    log_cosh: { ell: (r) => logCosh(r), slope: (r) => Math.tanh(r) },
  };

  /* ŷ = tanh(w x + b); each point's own gradient is ℓ'(r) sech²(z) (x, 1). */
  const at = ([w, b], { x, y }, state) => {
    const { ell, slope } = losses[state.loss];
    const fitted = x.map((each) => Math.tanh(w * each + b));
    const residuals = fitted.map((value, i) => value - y[i]);
    const pulls = residuals.map((r, i) => {
      const chain = slope(r, state) * (1 - fitted[i] ** 2);
      return [chain * x[i], chain];
    });
    return {
      loss: mean(residuals.map((r) => ell(r, state))),
      gradient: [mean(pulls.map((pull) => pull[0])), mean(pulls.map((pull) => pull[1]))],
      pulls, residuals, fitted,
    };
  };

  /* What Huber does to the largest residual. */
  const ofResiduals = (residuals, { loss, delta }) => {
    if (loss !== "huber") return undefined;
    const largest = Math.max(...residuals.map(Math.abs));
    const compared = `Largest residual |r| = ${short(largest)} ${largest <= delta ? "≤" : ">"} δ = ${short(delta)}:`;
    if (largest <= delta) return `${compared} every point is on the quadratic part, so Huber is MSE/2 here, and no more robust.`;
    const beyond = residuals.filter((r) => Math.abs(r) > delta).length;
    return `${compared} it is on the linear part, its slope clipped from ${short(largest)} to ${short(delta)}` +
      ` (${beyond} of ${residuals.length} points are clipped).`;
  };

  const tape = {
    stages: {
      z: { symbol: "z", formula: "w·x + b" },
      yhat: { symbol: "ŷ", formula: "tanh z" },
      r: { symbol: "r", formula: "ŷ − y" },
      ell: { symbol: "ℓ", formula: "ℓ(r)" },
      L: { symbol: "L", formula: "mean ℓ" },
    },
    factors: { r: "ℓ′(r)", yhat: "∂r/∂ŷ", z: "∂ŷ/∂z = 1 − ŷ²" },
    leaf: "∂z/∂w = x",
    leaves: (x) => [x, 1],
  };

  (explorer.preview ??= {}).neuron = { curve: ([w, b], x) => Math.tanh(w * x + b), at, losses, ofResiduals, tape };
})();
