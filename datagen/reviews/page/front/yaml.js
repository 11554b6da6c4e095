// The decisions as a review file, word for word as `datagen review` writes it.
import { CLASSES } from "./decisions.js";

const quoted = (text) => JSON.stringify(text);

function line(one) {
  const parts = [`verdict: ${one.verdict}`];
  if (one.class) parts.push(`class: ${one.class}`);
  parts.push(`was: ${one.was}`);
  if (one.verdict !== "keep" || one.reason !== "looked at") parts.push(`reason: ${quoted(one.reason)}`);
  if (one.who) parts.push(`who: ${quoted(one.who)}`);
  if (one.when) parts.push(`when: ${quoted(one.when)}`);
  return `{${parts.join(", ")}}`;
}

/** Decisions: Map of SHA-256 → decision. */
export function reviewText(name, about, decisions) {
  const lines = ["review: 1", `name: ${quoted(name)}`, `about: ${quoted(about)}`];
  lines.push(decisions.size ? "images:" : "images: {}");
  for (const numeral of CLASSES) {
    const given = [...decisions].filter(([, one]) => one.was === numeral).sort(([a], [b]) => (a < b ? -1 : 1));
    if (given.length) lines.push(`  # given as ${numeral}`);
    for (const [id, one] of given) lines.push(`  ${id}: ${line(one)}`);
  }
  return `${lines.join("\n")}\n`;
}

/** Hand a text to the person as a file. */
export function download(name, text) {
  const address = URL.createObjectURL(new Blob([text], { type: "application/yaml" }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}
