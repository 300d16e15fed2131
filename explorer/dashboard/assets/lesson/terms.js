/* Terms: what a study says of its terms at the point. */
(() => {
  const explorer = (window.explorer ??= {});

  const render = () => {
    const { ofTerms } = explorer.preview.of();
    const { said, data } = ofTerms?.(explorer.readout.numbers(), explorer.theta(), explorer.preview.given()) ?? { said: [], data: {} };
    const node = explorer.byId("terms-says");
    Object.assign(node.dataset, data);
    node.replaceChildren(...said.map((textContent) => explorer.make("p", { textContent })));
  };

  explorer.terms = { render };
})();
