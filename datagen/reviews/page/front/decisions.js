// What a decision is, and how it reads.

export const CLASSES = ["i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x"];

/** The key of a class: 1 … 9, and 0 for x. */
export const digitOf = (numeral) => String((CLASSES.indexOf(numeral) + 1) % 10);
export const classOf = (digit) => CLASSES[(Number(digit) + 9) % 10];

export const keep = (item) => ({ verdict: "keep", was: item.class, reason: "looked at" });
export const drop = (item, reason) => ({ verdict: "drop", was: item.class, reason });

/** A class other than the given one; the given one is kept. */
export const relabel = (item, numeral) =>
  numeral === item.class
    ? keep(item)
    : { verdict: "relabel", class: numeral, was: item.class, reason: `reads ${numeral}` };

const SIGNALS = {
  label: "networks read another class", outline: "its outline reads another class",
  unlike: "like no other image", several: "several numerals", cut: "cut by the edge",
  size: "unusual size", pen: "unusual pen", paper: "unusual paper", seeds: "networks disagree",
  "copy of another class": "same writing in another class",
  "copy in another part": "same writing in another part",
};
const REASONS = { blank: "blank", scribble: "scribble", several: "several numerals", cut: "cut off", "copy of another class": "lies in two classes" };

/** What to give as the reason of a drop until somebody says it better. */
export function likelyReason(item) {
  const [name] = strongest(item).find(([each, strength]) => each in REASONS && strength >= 0.5) ?? [];
  return REASONS[name] ?? "no clear numeral";
}

/** Signals of an item, the strongest first: [[name, strength], …]. */
export const strongest = (item) =>
  Object.entries(item.signals ?? {})
    .filter(([, strength]) => strength >= 0.05)
    .sort(([, a], [, b]) => b - a);

export const words = (name) => SIGNALS[name] ?? name.replaceAll(/[-_]/g, " ");

export function stamp(one) {
  if (!one) return "";
  return one.verdict === "relabel" ? `→ ${one.class}` : { keep: "kept", drop: "dropped" }[one.verdict];
}

export function told(one) {
  if (!one) return "not decided";
  const by = one.who ? ` by ${one.who}` : "";
  if (one.verdict === "keep") return `kept as ${one.was}${by}`;
  if (one.verdict === "drop") return `dropped${by}: ${one.reason}`;
  return `now ${one.class}${by}`;
}

export const same = (a, b) =>
  !a || !b ? !a === !b : a.verdict === b.verdict && a.class === b.class && a.was === b.was;
