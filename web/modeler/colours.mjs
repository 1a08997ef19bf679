// Tabler's colours are written in oklch(), color-mix() and light-dark(), which the Chromium 108 generation of domestic
// browsers does not know: every button would be transparent there. The build works them out for the light theme.
// A mix with a variable that only a component sets cannot be known here and is replaced by its nearest plain value.

const NAMED = { transparent: [0, 0, 0, 0], black: [0, 0, 0, 1], white: [1, 1, 1, 1] };
const FUNCTION = /(?<![\w-])(oklch|color-mix|light-dark)\(/;
const LIGHT_ROOT = /(?:^|[},;])\s*((?::root|:host|\[data-(?:bs-)?theme=light\])(?:,(?::root|:host|\[data-(?:bs-)?theme=light\]))*)\s*\{([^}]*)\}/g;

/** The CSS with every such function replaced; `theme` is read too, because its variables win over Tabler's. */
export function plainColours(css, theme) {
  const variables = rootVariables(css + theme);
  let out = "";
  let match;
  while ((match = FUNCTION.exec(css))) {
    const end = closing(css, match.index + match[0].length - 1);
    out += css.slice(0, match.index) + plain(css.slice(match.index, end), variables);
    css = css.slice(end);
  }
  return out + css;
}

function rootVariables(css) {
  const variables = new Map();
  for (const [, , body] of css.replace(/\/\*[^]*?\*\//g, "").matchAll(LIGHT_ROOT)) {
    for (const declaration of split(body, ";")) {
      const [, name, value] = /^\s*(--[\w-]+)\s*:\s*([^]*)$/.exec(declaration) ?? [];
      if (name) variables.set(name, value.trim());
    }
  }
  return variables;
}

function plain(text, variables) {
  try {
    return hex(colour(text, variables));
  } catch {
    return nearest(text, variables);
  }
}

/** What stands in for a mix with an unknown variable: the heavier part, or nothing when it is a faint tint. */
function nearest(text, variables) {
  const parts = split(inside(text), ",");
  if (text.startsWith("light-dark")) return FUNCTION.test(parts[0]) ? plain(parts[0].trim(), variables) : parts[0].trim();
  if (text.startsWith("oklch")) return /from\s+(var\([^]*?\))\s/.exec(text)?.[1] ?? "currentColor";
  const [first, share] = shareOf(parts[1].trim(), variables);
  const chosen = share >= 0.5 ? first : shareOf(parts[2].trim(), variables)[0];
  return FUNCTION.test(chosen) ? plain(chosen, variables) : chosen;
}

// ------------------------------------------------------------------ evaluation: colours are [r, g, b, alpha], 0 to 1
function colour(text, variables) {
  text = text.trim();
  if (text in NAMED) return NAMED[text];
  if (text.startsWith("#")) return fromHex(text);
  const parts = split(inside(text), ",");
  if (text.startsWith("var(")) return colour(lookup(parts, variables), variables);
  if (text.startsWith("light-dark(")) return colour(parts[0], variables);
  if (text.startsWith("rgb")) return fromRgb(inside(text), variables);
  if (text.startsWith("oklch(from ")) return relative(inside(text), variables);
  if (text.startsWith("oklch(")) return fromOklch(inside(text), variables);
  if (text.startsWith("color-mix(")) return mix(parts, variables);
  throw new Error(`unknown colour ${text}`);
}

function lookup([name, ...fallback], variables) {
  const unset = name.includes("opacity") ? "1" : undefined;
  const value = variables.get(name.trim()) ?? (fallback.length ? fallback.join(",") : unset);
  if (value === undefined) throw new Error(`unknown variable ${name}`);
  return value;
}

function mix([, a, b], variables) {
  const [first, share, given] = shareOf(a.trim(), variables);
  const [second, other, otherGiven] = shareOf(b.trim(), variables);
  const p = given ? share : otherGiven ? 1 - other : 0.5;
  const [x, y] = [toOklab(colour(first, variables)), toOklab(colour(second, variables))];
  const alpha = x[3] * p + y[3] * (1 - p);
  const channel = (i) => (alpha === 0 ? 0 : (x[i] * x[3] * p + y[i] * y[3] * (1 - p)) / alpha);
  return fromOklab([channel(0), channel(1), channel(2), alpha]);
}

/** "red 20%" is ["red", 0.2, true]; "red" is ["red", 1, false]. */
function shareOf(text, variables) {
  const words = split(text, " ").filter(Boolean);
  const last = words.at(-1);
  if (words.length > 1 && (last.endsWith("%") || last.startsWith("calc("))) {
    return [words.slice(0, -1).join(" "), number(last, variables), true];
  }
  return [text, 1, false];
}

function number(text, variables) {
  text = text.trim();
  if (text.startsWith("calc(")) return split(inside(text), "*").map((t) => number(t, variables)).reduce((a, b) => a * b);
  if (text.startsWith("var(")) return number(lookup(split(inside(text), ","), variables), variables);
  const value = parseFloat(text);
  if (Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return text.endsWith("%") ? value / 100 : value;
}

/** "from COLOUR l c h / alpha" as Tabler uses it: the same colour with another alpha or lightness. */
function relative(text, variables) {
  const [, base, ...rest] = split(text, " ").filter((word) => word && word !== "/");
  const [l, a, b, alpha] = toOklab(colour(base, variables));
  const known = { l, c: Math.hypot(a, b), h: (Math.atan2(b, a) * 180) / Math.PI, alpha };
  const value = (word, fallback) => (word === undefined ? fallback : word in known ? known[word] : number(word, variables));
  return oklch(value(rest[0]), value(rest[1]), value(rest[2]), value(rest[3], alpha));
}

function fromOklch(text, variables) {
  const [l, c, h, alpha = "1"] = split(text, " ").filter((word) => word && word !== "/");
  return oklch(...[l, c, h, alpha].map((word) => number(word, variables)));
}

function fromRgb(text, variables) {
  const words = text.split(/[\s,/]+/).filter(Boolean);
  if (words.length < 3) throw new Error(`unknown colour rgb(${text})`);
  const [r, g, b, alpha = 1] = words.map((word, i) => (i < 3 && !word.endsWith("%") ? number(word, variables) / 255 : number(word, variables)));
  return [r, g, b, alpha];
}

function fromHex(text) {
  const digits = text.length < 6 ? [...text.slice(1)].map((d) => d + d) : text.slice(1).match(/../g);
  const [r, g, b, alpha = 255] = digits.map((d) => parseInt(d, 16));
  return [r / 255, g / 255, b / 255, alpha / 255];
}

function hex([r, g, b, alpha]) {
  const two = (x) => Math.round(Math.min(1, Math.max(0, x)) * 255).toString(16).padStart(2, "0");
  return "#" + two(r) + two(g) + two(b) + (alpha < 0.999 ? two(alpha) : "");
}

const oklch = (l, c, h, alpha) => fromOklab([l, c * Math.cos((h * Math.PI) / 180), c * Math.sin((h * Math.PI) / 180), alpha]);
const toLinear = (x) => (x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
const fromLinear = (x) => (x <= 0.0031308 ? 12.92 * x : 1.055 * x ** (1 / 2.4) - 0.055);

// The matrices of CSS Color 4 (B. Ottosson's Oklab).
function toOklab([r, g, b, alpha]) {
  [r, g, b] = [r, g, b].map(toLinear);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    alpha,
  ];
}

function fromOklab([lightness, a, b, alpha]) {
  const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    fromLinear(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
    fromLinear(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
    fromLinear(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
    alpha,
  ];
}

// ------------------------------------------------------------------ text
const inside = (text) => text.slice(text.indexOf("(") + 1, closing(text, text.indexOf("(")) - 1);

/** The index behind the bracket that closes the one at `open`. */
function closing(text, open) {
  for (let i = open, depth = 0; i < text.length; i++) {
    if (text[i] === "(") depth++;
    if (text[i] === ")" && --depth === 0) return i + 1;
  }
  throw new Error("bracket not closed");
}

function split(text, separator) {
  const parts = [""];
  let depth = 0;
  for (const character of text) {
    if (character === "(") depth++;
    if (character === ")") depth--;
    if (character === separator && depth === 0) parts.push("");
    else parts[parts.length - 1] += character;
  }
  return parts;
}
