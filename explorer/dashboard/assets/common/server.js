/* Server: a question is asked once, and answered by the reply that belongs to it; silence and failure are told. */
(() => {
  const explorer = (window.explorer ??= {});
  const UPDATE = "_dash-update-component";
  /* Milliseconds until the address is asked for again, where a page could not even begin. */
  const AGAIN = 2000;
  /* How often a busy server is asked again. */
  const TRIES = 10;
  /* The questions whose silence is told. */
  const AWAITED = ["commit", "scene"];
  const SILENT = "The server does not answer. What you see is the last it said, or the browser's preview; any change asks it again.";
  const awaited = {};
  const clocks = {};

  /* Question -> what was asked last, by a key that tells whether the answer would be another now. */
  explorer.asked = {};
  /* What the server has said that is on the screen. */
  explorer.reply = {};

  explorer.send = (question, sent) => dash_clientside.set_props(question, { data: { ...sent, at: Date.now() } });

  /* Ask for whatever the present state still lacks. */
  explorer.ask = () => explorer.page.ask(explorer.query(explorer.state));

  /* Ask a question unless the same has been asked. */
  explorer.once = (question, query, key = query) => {
    if (explorer.asked[question] === key) return;
    explorer.asked[question] = key;
    awaited[question] = query;
    explorer.send(question, { query });
    if (!AWAITED.includes(question)) return;
    // One clock a question: that of an earlier asking would run out before this one is answered.
    clearTimeout(clocks[question]);
    clocks[question] = setTimeout(unanswered, explorer.page.patience, question, key);
  };

  /* A question without an answer is told, and may be asked again. */
  const unanswered = (question, key) => {
    if (explorer.asked[question] !== key || !(question in awaited)) return;
    delete explorer.asked[question];
    explorer.note([SILENT]);
  };

  /* A reply from Dash; one that comes too late is left alone. */
  explorer.receive = (name, reply) => {
    if (name === "opened") return explorer.opened(reply);
    const [question, wanted] = explorer.page.answers[name] ?? [];
    if (awaited[question] === reply.query) delete awaited[question];
    if (!wanted || wanted() === reply.query) explorer.page.replies[name](reply);
  };

  /* Are the numbers at the point of another state than is on the screen? */
  explorer.stale = () => explorer.reply.point?.query !== explorer.page.place();

  /* What is shown must not stand under other controls without a word when the server could not answer. */
  const failed = (request, why) => {
    if (!String(request.url ?? request).includes(UPDATE)) return;
    // The next change asks for everything again.
    explorer.asked = {};
    if (explorer.ready) explorer.page.failed?.();
    else setTimeout(explorer.reopen, AGAIN);
    explorer.note([explorer.ready
      ? `The server could not answer (${why}): what is shown may be older than the controls.`
      : `The server does not answer yet (${why}); trying again.`]);
  };
  const fetched = window.fetch;
  /* A server that is busy says when to come again. */
  const patient = async (...request) => {
    for (let tries = 0; ; tries++) {
      const reply = await fetched(...request);
      if (reply.status !== 503 || tries === TRIES) return reply;
      await new Promise((done) => setTimeout(done, 1000 * (Number(reply.headers.get("Retry-After")) || 1)));
    }
  };
  window.fetch = async (...request) => {
    const reply = await patient(...request).catch((error) => {
      failed(request[0], "no connection");
      throw error;
    });
    if (!reply.ok) failed(request[0], reply.status);
    return reply;
  };
})();
