// The images of the page, read once from its data, and what they are filtered and named by.
import { byId } from "./dom.js";

export const DATA = JSON.parse(byId("data").textContent);

/** `path` is what the search field looks in: the file, the letters, the writers, the parent. */
export const ITEMS = DATA.images.map((plain, index) => ({
  ops: [], alike: [], said: {}, glyphs: [], writers: [], part: "", source: "", ...plain, index,
  own: index < DATA.own,
  path: [plain.name, plain.parent, ...(plain.glyphs ?? []), ...(plain.writers ?? [])].join(" "),
}));

export const BY_NAME = new Map(ITEMS.map((item) => [item.name, item]));

export const partName = (part) => part || "all";
export const styleName = (style) => `${style + 1}: ${DATA.styles[style]}`;

/** What is most alike: [item, likeness, kind], or null. */
export function nearestOf(item) {
  if (item.copy !== undefined) return [ITEMS[item.copy], 1, "same picture"];
  const [place, likeness] = item.alike[0] ?? [];
  if (item.near !== undefined) {
    const known = item.alike.find(([each]) => each === item.near);
    return [ITEMS[item.near], known?.[1] ?? likeness ?? 1, "near-duplicate"];
  }
  return place === undefined ? null : [ITEMS[place], likeness, "alike"];
}

/** Whether a score got an image wrong: true, false, or null where it was not asked. */
export function isWrong(item, score) {
  const said = item.said[score];
  return said === undefined ? null : said[2] > 0;
}

/** The facets of the filters; `state.score` is the number of the score that is looked at. */
export function facetsOf(state) {
  const said = (item) => item.said[state.score];
  return [
    { name: "part", of: (item) => partName(item.part), order: DATA.parts.map(partName) },
    { name: "class", of: (item) => item.class, order: DATA.classes },
    { name: "source", of: (item) => item.source },
    { name: "case", of: (item) => item.case },
    { name: "style", of: (item) => item.style, order: DATA.styles.map((_, k) => k), label: styleName },
    { name: "pipeline", of: (item) => item.pipeline ?? (DATA.manifest && item.own ? "none" : null) },
    { name: "step done", of: (item) => [...new Set(item.ops.map(([op]) => op))] },
    { name: "writer", of: (item) => item.writers },
    { name: "answer", of: (item) => ({ true: "wrong", false: "right" })[isWrong(item, state.score)] },
    { name: "confusion", of: (item) => (isWrong(item, state.score) ? `${item.class} → ${said(item)[0]}` : null) },
    { name: "known as", of: (item) => said(item)?.[3] },
    { name: "look-alike", of: (item) => nearestOf(item)?.[2], order: ["same picture", "near-duplicate", "alike"] },
    { name: "its look-alike is", of: (item) => { const near = nearestOf(item); return near && (near[0].class === item.class ? "of its class" : "of another class"); } },
    { name: "steps kept", of: (item) => (item.name in DATA.makings ? "yes" : null), always: true },
    { name: "file", of: (item) => [item.changed ? "changed" : null, item.reason ? "not readable" : null, item.blank ? "blank" : null] },
  ];
}
