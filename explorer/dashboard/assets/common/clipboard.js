/* Clipboard: a text is copied, and the button says that it is done. */
(() => {
  const explorer = (window.explorer ??= {});
  const SHOWN = 1500;

  const written = async (text) => {
    await navigator.clipboard.writeText(text);
    return "Copied";
  };

  /* Without a secure context there is no clipboard: then the text is chosen where it stands, or told. */
  const offered = (text, place) => {
    if (place) getSelection().selectAllChildren(place);
    else explorer.note([`Copy this address: ${text}`]);
    return place && "Press Ctrl+C";
  };

  /* Copy a text that stands in `place`, if anywhere. */
  explorer.copy = async (text, button, place) => {
    const label = button.textContent;
    button.textContent = (await written(text).catch(() => offered(text, place))) ?? label;
    setTimeout(() => (button.textContent = label), SHOWN);
  };

  /* Buttons copy what stands in the element that they are named after, copy-code in code; copy-link the address. */
  const clicked = ({ target }) => {
    const button = target.closest?.("button[id^=copy-]");
    const place = button && explorer.byId(button.id.replace("copy-", ""));
    if (button) explorer.copy(place ? place.textContent : location.href, button, place);
  };

  explorer.clipboard = { start: () => document.addEventListener("click", clicked) };
})();
