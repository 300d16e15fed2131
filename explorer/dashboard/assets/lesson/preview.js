/* Preview: a study's mathematics in the browser, for the frames between press and release. torch's numbers replace these
   as soon as they arrive, and a disagreement is shown.

   Each study brings its own: its script sets explorer.preview.NAME, NAME being the script's, with
     curve(theta, x)               the model's prediction, drawn in the fit
     exact(x, facts)               a curve to compare it with
     fit                           ranges x and y, xTitle and yTitle of the fit, where they are not those of the data
     at(theta, {x, y}, state)      loss, gradient, pulls (the gradient of each point or weighted term), residuals, fitted,
                                   terms (name -> weighted value); state is the page's, its loss by name, with study facts
     losses                        name -> { ell(r, state), slope(r, state) }: what a residual costs, and its derivative
     tape                          stages: name -> { symbol, formula }; factors: name of a stage -> heading of its
                                   derivative, in the order of the chain rule; leaf, leaves(x): those by the parameters
     ofResiduals(residuals, state) a sentence about them, undefined for the usual one
     ofTerms(numbers, theta, state)   { said: sentences, data: numbers for tests }
   What a study does not bring waits for torch, or is left out. */
(() => {
  const explorer = (window.explorer ??= {});
  const UNKNOWN = {
    at: () => ({ loss: NaN, gradient: [NaN, NaN], pulls: [], residuals: [], fitted: [], terms: {} }),
    losses: {},
  };

  const of = (study = explorer.study()) => ({ ...UNKNOWN, ...explorer.preview[study.preview] });

  /* What the script is told of the state: a loss by its own name, and the study's facts. */
  const given = (loss = explorer.lossName()) => ({ ...explorer.state, loss, facts: explorer.study().facts });

  /* The numbers at the point. */
  const here = (loss) => of().at(explorer.theta(), explorer.data(), given(loss));

  explorer.preview = { ...explorer.preview, of, given, here };
})();
