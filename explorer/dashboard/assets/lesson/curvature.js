/* Curvature: which way the ground bends along the two eigenvectors of the Hessian, and in which words it is told. */
(() => {
  const explorer = (window.explorer ??= {});
  /* Of the larger curvature: what bends by less looks flat beside it, and may be rounding. */
  const FLAT = 1e-5;

  /* −1 down, 0 flat, 1 up, along both eigenvectors: judged beside each other. */
  const signs = (eigenvalues) => {
    const steepest = Math.max(...eigenvalues.map(Math.abs));
    return eigenvalues.map((value) => (Math.abs(value) <= FLAT * steepest ? 0 : Math.sign(value)));
  };

  const WORDS = {
    "0,1": "flat in one direction",
    "-1,1": "a saddle's curvature",
    "-1,0": "bends down in one direction, flat in the other",
    "-1,-1": "bends down in every direction",
    "0,0": "flat in every direction",
  };

  /* What two eigenvalues, the lower one first, say of the ground; nothing where it is a bowl. */
  const words = (eigenvalues) => WORDS[signs(eigenvalues)] ?? "";

  explorer.curvature = { signs, words };
})();
