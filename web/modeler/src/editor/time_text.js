// Limits as fields: the common shapes of a timer expression, read and written. Everything else stays a text.
//
//   at(working_days(received_on, (extended_answer_limit if extended else answer_limit) - first_reminder), '09:00')
//   {from: "received_on", days: "answer_limit", extended: "extended_answer_limit", shift: "before", by: "first_reminder", at: "09:00"}
//
// `days`, `extended` and `by` are numbers ("10") or names of parameters; `extended` "" = the same with consent; `shift` is
// "", "before" or "after"; `at` "" = the end of the day.

const ATOM = "[0-9]{1,4}|[a-z_][a-z0-9_]*";
const BASE = `(?:(${ATOM})\\s+if\\s+extended\\s+else\\s+)?(${ATOM})`;
const AT = /^at\(\s*([^]*),\s*(["'])([0-2]\d:[0-5]\d)\2\s*\)$/;
const WORKING = /^working_days\(\s*([a-z_]\w*)\s*,\s*([^]*?)\s*\)$/;
const PLAIN = new RegExp(`^${BASE}$`);
const SHIFTED = new RegExp(`^(?:\\(\\s*${BASE}\\s*\\)|(${ATOM}))\\s*([+-])\\s*(${ATOM})$`);
const WORDS = new Set(["if", "else", "and", "or", "not", "in", "extended"]);

/** The fields of a limit, or null when the text has another shape. */
export function readLimit(source) {
  let text = source.trim();
  const moment = AT.exec(text);
  if (moment) text = moment[1].trim();
  const counted = WORKING.exec(text);
  if (!counted) return null;
  const span = readSpan(counted[2]);
  if (!span || [span.days, span.extended, span.by].some((atom) => WORDS.has(atom))) return null;
  return { from: counted[1], ...span, at: moment ? moment[3] : "" };
}

function readSpan(text) {
  const plain = PLAIN.exec(text);
  if (plain) return { days: plain[2], extended: plain[1] ?? "", shift: "", by: "" };
  const shifted = SHIFTED.exec(text);
  if (!shifted) return null;
  const [, extended, days, alone, sign, by] = shifted;
  return { days: days ?? alone, extended: extended ?? "", shift: sign === "-" ? "before" : "after", by };
}

/** The expression of these fields. */
export function writeLimit({ from, days, extended, shift, by, at }) {
  let span = extended ? `${extended} if extended else ${days}` : days;
  if (shift) span = `${extended ? `(${span})` : span} ${shift === "before" ? "-" : "+"} ${by || "1"}`;
  const day = `working_days(${from}, ${span})`;
  return at ? `at(${day}, '${at}')` : day;
}

/** 「自收到来文之日起10个工作日（延期后30个工作日），提前3个工作日，09:00」; `known(name)` = {label, value?}. */
export function sayLimit({ from, days, extended, shift, by, at }, known) {
  const count = (atom) => (/^\d/.test(atom) ? `${atom}个工作日` : `${known(atom).value ?? "？"}个工作日（${known(atom).label}）`);
  const parts = [`自${known(from).label}起${count(days)}`];
  if (extended) parts[0] += `；延期后${count(extended)}`;
  if (shift) parts.push(`${shift === "before" ? "届满前" : "届满后"}${count(by || "1")}`);
  parts.push(at ? `当日${at}` : "当日24时");
  return `${parts.join("，")}。`;
}

/** "P3D", "PT24H", "P1DT12H" as {amount, unit}, null for anything else; unit is "D" or "H". */
export function readDuration(text) {
  const found = /^P(?:(\d+)D|T(\d+)H)$/.exec(text.trim());
  if (!found) return null;
  return found[1] ? { amount: found[1], unit: "D" } : { amount: found[2], unit: "H" };
}

export const writeDuration = ({ amount, unit }) => (unit === "D" ? `P${amount}D` : `PT${amount}H`);
