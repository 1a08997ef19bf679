// Conditions as fields: name == 'value', name, not name. Everything else stays a text.
const COMPARED = /^([a-z_]\w*)\s*(==|!=)\s*(["'])([^"'\\]*)\3$/;
const NAMED = /^(not\s+)?([a-z_]\w*)$/;
const WORDS = new Set(["if", "else", "and", "or", "not", "in", "true", "false", "null", "True", "False", "None"]);

/** {name, is: true | false, value} with value null for yes-or-no facts; null when the text has another shape. */
export function readCondition(source) {
  const text = source.trim();
  const compared = COMPARED.exec(text);
  if (compared && !WORDS.has(compared[1])) return { name: compared[1], is: compared[2] === "==", value: compared[4] };
  const named = NAMED.exec(text);
  if (named && !WORDS.has(named[2])) return { name: named[2], is: !named[1], value: null };
  return null;
}

export function writeCondition({ name, is, value }) {
  if (value === null) return is ? name : `not ${name}`;
  return `${name} ${is ? "==" : "!="} '${value}'`;
}
