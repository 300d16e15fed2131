/* Numbers: how they are written, kept within bounds, and marked on an axis. */
(() => {
  const explorer = (window.explorer ??= {});

  /* A number as people read it: four significant digits, a real minus sign. */
  explorer.short = (value) => {
    if (!Number.isFinite(value)) return Number.isNaN(value) ? "…" : value > 0 ? "∞" : "−∞";
    const size = Math.abs(value);
    const isPlain = size === 0 || (size >= 1e-3 && size < 1e5);
    const text = isPlain ? String(Number(value.toPrecision(4))) : value.toExponential(2).replace(/\.?0+e/, "e");
    return text.replaceAll("-", "−").replace("e+", "e");
  };

  /* A share in percent: whole from ten on, two digits below. */
  explorer.percent = (share) => `${share >= 0.0995 ? Math.round(100 * share) : Number((100 * share).toPrecision(2))} %`;

  explorer.clamp = (value, [low, high]) => Math.min(high, Math.max(low, value));
  explorer.isWithin = (value, [low, high]) => value >= low && value <= high;

  /* A coordinate as it is kept: within its window, to a millionth of it, so that an address stays short. */
  explorer.tidy = (value, window) => {
    const digits = explorer.clamp(6 - Math.floor(Math.log10(window[1] - window[0])), [6, 15]);
    return Number(explorer.clamp(value, window).toFixed(digits));
  };

  /* Round values in a range, at most about so many of them. */
  explorer.ticks = ([low, high], most) => {
    const rough = (high - low) / most;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = power * [1, 2, 5, 10].find((digit) => digit * power >= rough);
    const first = Math.ceil(low / step);
    const count = Math.floor(high / step) - first + 1;
    return Array.from({ length: count }, (_, i) => Number(((first + i) * step).toPrecision(12)));
  };

  /* The same for a logarithmic axis: decades, 1-2-5, or even steps, as the range is wide. */
  explorer.logTicks = ([low, high]) => {
    const [bottom, span] = [Math.floor(Math.log10(low)), Math.log10(high / low)];
    if (span <= 0.7) return explorer.ticks([low, high], 4);
    const every = span > 2.5 ? Math.ceil(span / 6) : 1;
    const powers = Array.from({ length: Math.ceil(span) + 2 }, (_, i) => bottom + i).filter((power) => power % every === 0);
    return powers
      .flatMap((power) => (span > 2.5 ? [1] : [1, 2, 5]).map((digit) => Number(`${digit}e${power}`)))
      .filter((value) => value >= low && value <= high);
  };
})();
