/* Preview: the two studies' mathematics in the browser, for the frames between press and release.
   torch's numbers replace these as soon as they arrive, and a disagreement is shown. */
(() => {
  const explorer = (window.explorer ??= {});

  /* log cosh: for small r the difference of two large numbers is avoided, for large r the overflow of cosh. */
  const logCosh = (r) => {
    const a = Math.abs(r);
    return a < 1 ? Math.log1p(2 * Math.sinh(a / 2) ** 2) : a + Math.log1p(Math.exp(-2 * a)) - Math.LN2;
  };

  const ell = {
    mse: (r) => r * r,
    mae: (r) => Math.abs(r),
    huber: (r, d) => (Math.abs(r) <= d ? (r * r) / 2 : d * (Math.abs(r) - d / 2)),
    log_cosh: (r) => logCosh(r),
  };
  const slope = {
    mse: (r) => 2 * r,
    mae: (r) => Math.sign(r),
    huber: (r, d) => Math.max(-d, Math.min(d, r)),
    log_cosh: (r) => Math.tanh(r),
  };

  const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

  /* One tanh neuron: ŷ = tanh(w x + b); each point's own gradient is ℓ'(r) sech²(z) (x, 1). */
  const neuron = {
    curve: ([w, b], x) => Math.tanh(w * x + b),
    at: ([w, b], { x, y }, { loss, delta }) => {
      const fitted = x.map((each) => Math.tanh(w * each + b));
      const residuals = fitted.map((value, i) => value - y[i]);
      const pulls = residuals.map((r, i) => {
        const chain = slope[loss](r, delta) * (1 - fitted[i] ** 2);
        return [chain * x[i], chain];
      });
      return {
        loss: mean(residuals.map((r) => ell[loss](r, delta))),
        gradient: [mean(pulls.map((pull) => pull[0])), mean(pulls.map((pull) => pull[1]))],
        pulls, residuals, fitted,
      };
    },
  };

  /* The reaction ODE u' = ρ u (1 - u): û = (1 + T)/2, T = tanh(w t + b), s = 1 - T², residual (w - ρ/2) s / 2. */
  const reaction = {
    curve: ([w, b], t) => (1 + Math.tanh(w * t + b)) / 2,
    exact: (t, { rho, u0 }) => 1 / (1 + ((1 - u0) / u0) * Math.exp(-rho * t)),
    at: ([w, b], { x }, { weight, facts }) => {
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
    },
  };

  /* A study without a preview here waits for torch. */
  const none = {
    curve: null,
    at: () => ({ loss: NaN, gradient: [NaN, NaN], pulls: [], residuals: [], fitted: [], terms: {} }),
  };
  const byName = { neuron, reaction };

  explorer.preview = { ...byName, ell, slope, of: (study) => byName[study.preview] ?? none };
})();
