/* Colors: how a map of the server becomes values and colours, and what its legend says. */
(() => {
  const explorer = (window.explorer ??= {});
  const VIRIDIS = [[0, "#440154"], [0.125, "#482878"], [0.25, "#3e4989"], [0.375, "#31688e"], [0.5, "#26828e"],
    [0.625, "#1f9e89"], [0.75, "#35b779"], [0.875, "#6ece58"], [1, "#fde725"]];
  const HOLE = 65535;

  const bytes = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer;
  const rows = (flat, [height, width]) =>
    Array.from({ length: height }, (_, i) => flat.subarray(i * width, (i + 1) * width));

  /* The codes of a map, 0..65534 along the scale and 65535 a hole: undo what lesson/maps.py did to make them small. */
  const unpack = (text, [height, width]) => {
    const halves = new Uint8Array(bytes(text));
    const codes = new Uint16Array(height * width);
    for (let i = 0; i < codes.length; i++) codes[i] = halves[i] | (halves[i + codes.length] << 8);
    for (let pass = 0; pass < 2; pass++) {
      for (let row = 0; row < height; row++) {
        for (let i = row * width + 1; i < (row + 1) * width; i++) codes[i] += codes[i - 1];
      }
    }
    return codes;
  };

  const decode = (map) => {
    const codes = unpack(map.codes, map.shape);
    const z = Float32Array.from(codes, (code) => (code === HOLE ? NaN : code / (HOLE - 1)));
    return { ...map, codes, z: rows(z, map.shape), values: map.values && new Float32Array(bytes(map.values)) };
  };

  /* The colour scale of a weighted total, by the rule of explorer/figures/scale.py. */
  const scaleOf = (values) => {
    const finite = values.filter(Number.isFinite).sort();
    const quantile = (q) => {
      const at = q * (finite.length - 1);
      const i = Math.floor(at);
      return finite[i] + (finite[Math.min(i + 1, finite.length - 1)] - finite[i]) * (at - i);
    };
    const [low, high] = [finite[0], finite[finite.length - 1]];
    const floor = Math.max(low, high * 1e-6);
    const decades = Math.log10(high / floor);
    if (!(low >= 0) || !(high > 0) || decades < 1.2) {
      return { kind: "linear", low: quantile(0.004), high: quantile(0.985), floor: low, decades, holes: 0 };
    }
    return { kind: "log", low: Math.max(floor, quantile(0.004)), high: quantile(0.985), floor, decades, holes: 0 };
  };
  const normalize = (values, { kind, low, high }) => {
    const to = kind === "log" ? Math.log : (value) => value;
    const [a, b] = [to(low), to(high)];
    return Float32Array.from(values, (value) => Math.min(1, Math.max(0, (to(Math.max(value, low)) - a) / (b - a || 1))));
  };

  /* The weighted total, summed from the swept terms: nothing is evaluated again. */
  const total = (terms, weight) => {
    const [first, ...rest] = terms;
    const sum = Float64Array.from(first.values, (value, i) => weight * value + rest.reduce((s, term) => s + term.values[i], 0));
    const scale = scaleOf(sum);
    return { name: "total", scale, z: rows(normalize(sum, scale), first.shape), shape: first.shape };
  };

  /* The value that a color stands for, 0 at the low end of a scale and 1 at its high end; and the way back. */
  const valueAt = (z, { kind, low, high }) => (kind === "log" ? low * (high / low) ** z : low + (high - low) * z);
  const shareOf = (value, { kind, low, high }) =>
    kind === "log" ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);

  /* What a scale leaves out, in words. */
  const clipped = (name, { kind, low, high, floor, holes }) => {
    const { short } = explorer;
    const floored = kind === "log" ? `; floor ${short(floor)}` : "";
    const empty = holes ? `; ${holes} point${holes > 1 ? "s" : ""} not finite, left empty` : "";
    return `${name}, ${kind} scale, clipped to ${short(low)} … ${short(high)}${floored}${empty}`;
  };

  /* Pixels that half a letter of a tick takes, at most. */
  const HALF_LETTER = 4;

  /* The scale below a map, with words about it. */
  const legend = (box, scale, says) => {
    const ticks = box.querySelector(".ticks");
    // Ticks that would run into the one before are left out.
    const width = ticks.clientWidth || 300;
    let last = -Infinity;
    const isClear = (value) => {
      const place = width * shareOf(value, scale);
      return place - last >= 40 && ((last = place), true);
    };
    ticks.replaceChildren(...round(scale).filter(isClear).map((value) => {
      const tick = explorer.make("span", { textContent: explorer.short(value) });
      const share = shareOf(value, scale), half = (HALF_LETTER * tick.textContent.length) / width;
      tick.style.left = `${100 * share}%`;
      // Centred below its place, but where the box ends: there it would be cut.
      if (share < half) tick.style.transform = "none";
      else if (share > 1 - half) tick.style.transform = "translateX(-100%)";
      return tick;
    }));
    box.querySelector(".says").textContent = says;
  };
  const round = ({ kind, low, high }) => {
    if (!(high > low)) return [low];
    return kind === "log" ? explorer.logTicks([low, high]) : explorer.ticks([low, high], 6);
  };

  explorer.colors = { VIRIDIS, rows, decode, total, valueAt, clipped, legend };
})();
