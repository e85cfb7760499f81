// Words on the page whose contrast is below WCAG AA: 4.5, or 3 where they are large.
// Out of it, as WCAG has it: what is disabled, hidden, or an ornament (aria-hidden).
() => {
  const COLOUR = /(rgba?|color|oklab|oklch|hsl)\([^)]*\)/g;

  // A canvas understands every notation that a computed style may have.
  const pixel = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  function parse(text) {
    if (!known.has(text)) {
      pixel.clearRect(0, 0, 1, 1);
      pixel.fillStyle = text;
      pixel.fillRect(0, 0, 1, 1);
      const [red, green, blue, alpha] = pixel.getImageData(0, 0, 1, 1).data;
      known.set(text, { rgb: [red, green, blue], alpha: alpha / 255 });
    }
    return known.get(text);
  }
  const over = (top, alpha, ground) => top.map((part, i) => part * alpha + ground[i] * (1 - alpha));
  function luminance(rgb) {
    const [r, g, b] = rgb.map((part) => {
      const share = part / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  }
  function ratio(one, other) {
    const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
    return (high + 0.05) / (low + 0.05);
  }

  // Every colour that may lie behind the element: a gradient has several.
  function grounds(element) {
    if (!element) return [[255, 255, 255]];
    const style = getComputedStyle(element);
    const stops = (style.backgroundImage.match(COLOUR) || []).map(parse);
    const tops = stops.length ? stops : [parse(style.backgroundColor)];
    if (tops.every((top) => top.alpha === 1)) return tops.map((top) => top.rgb);
    const below = grounds(element.parentElement);
    return tops.flatMap((top) => below.map((ground) => over(top.rgb, top.alpha, ground)));
  }
  function opacity(element) {
    let value = 1;
    for (let up = element; up; up = up.parentElement) value *= Number(getComputedStyle(up).opacity);
    return value;
  }
  function skipped(element) {
    const box = element.getBoundingClientRect();
    return box.width < 2 || box.height < 2
      || element.closest("[aria-hidden=true], :disabled, .disabled, svg, canvas, noscript")
      || !element.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  }

  const faint = new Map();
  function judge(element, words, style) {
    const colour = parse(style.color);
    if (!colour.alpha) return; // not there to be read
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
    const alpha = colour.alpha * opacity(element);
    for (const ground of grounds(element)) {
      const found = ratio(over(colour.rgb, alpha, ground), ground);
      if (found >= least) continue;
      const where = `${element.tagName.toLowerCase()}.${[...element.classList].join(".")}`;
      faint.set(where, `${found.toFixed(2)} ${where} “${words.trim().slice(0, 40)}”`);
    }
  }

  const top = document.querySelector("dialog[open]") || document.body;
  const texts = document.createTreeWalker(top, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const words = texts.currentNode.data;
    const element = texts.currentNode.parentElement;
    if (/[\p{L}\p{N}]/u.test(words) && !skipped(element)) {
      judge(element, words, getComputedStyle(element));
    }
  }
  for (const field of top.querySelectorAll("input, textarea, select")) {
    if (skipped(field) || ["checkbox", "radio", "hidden"].includes(field.type)) continue;
    if (field.value) judge(field, field.value, getComputedStyle(field));
    else if (field.placeholder) {
      judge(field, field.placeholder, getComputedStyle(field, "::placeholder"));
    }
  }
  return [...faint.values()];
}
