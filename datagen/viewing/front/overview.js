// The overview: classes down, what may be chosen across, in each cell a count and examples.
import { counted, el } from "./dom.js";
import { DATA, ITEMS, partName, styleName } from "./items.js";
import { isSmall } from "./panel.js";

const EXAMPLES = 3; // pictures in a cell

/** What the columns may be: the facets that a cell of a column stands for. */
const AXES = [
  { name: "source and case", facets: { source: (item) => item.source, case: (item) => item.case || "" } },
  { name: "source and style", facets: { source: (item) => item.source, style: (item) => item.style ?? "" } },
  { name: "style", facets: { style: (item) => item.style ?? "" } },
  { name: "part", facets: { part: (item) => partName(item.part) } },
  { name: "pipeline", facets: { pipeline: (item) => item.pipeline ?? "none" } },
];

export class Overview {
  /** `choose(facets)` shows the images of a cell: {class: "iv", source: "pen", …}. */
  constructor(host, choose) {
    this.host = host;
    this.choose = choose;
    this.own = ITEMS.filter((item) => item.own);
    const columns = (axis) => new Set(this.own.map((item) => this.column(axis, item))).size;
    const open = this.own.some((item) => item.style !== undefined);
    const sources = new Set(this.own.map(({ source }) => source)).size;
    this.axes = AXES.filter((axis) => columns(axis) > 1 && (open || !("style" in axis.facets)) && (sources > 1 || axis.name !== "source and style"));
    if (!this.axes.length) this.axes = [AXES.find(({ name }) => name === "part")];
    this.axis = this.best();
  }

  /** Where nobody has said the case, the style tells more. */
  best() {
    const unsaid = this.own.filter((item) => item.style !== undefined).length;
    const wanted = unsaid > this.own.length / 2 ? ["source and style", "style"] : ["source and case"];
    return this.axes.find(({ name }) => wanted.includes(name)) ?? this.axes[0];
  }

  column(axis, item) {
    return JSON.stringify(Object.values(axis.facets).map((of) => of(item)));
  }

  draw() {
    const names = Object.keys(this.axis.facets);
    const cells = new Map();
    const columns = new Map();
    for (const item of this.own) {
      const column = this.column(this.axis, item);
      columns.set(column, (columns.get(column) ?? 0) + 1);
      const cell = `${item.class}\n${column}`;
      if (!cells.has(cell)) cells.set(cell, []);
      cells.get(cell).push(item);
    }
    const titles = [...columns.keys()].sort(byValues);
    const head = titles.map((column) => {
      const words = JSON.parse(column).map((value, k) => this.title(names[k], value)).filter(Boolean);
      return el("th", { scope: "col" }, el("span", { text: words.join(", ") || "not known" }), el("span", { class: "soft", text: columns.get(column).toLocaleString("en") }));
    });
    const rows = DATA.classes.filter((name) => this.own.some((item) => item.class === name)).map((name) =>
      el("tr", {}, el("th", { scope: "row", text: name }), ...titles.map((column) => this.cell(name, column, cells.get(`${name}\n${column}`) ?? []))),
    );
    this.host.replaceChildren(
      el("div", { class: "bar" }, el("h2", { text: `Images by class${this.axis.name.includes(" and ") ? "," : " and"} ${this.axis.name}` }), this.chooser()),
      el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table of classes" }, el("table", { class: "matrix" }, el("thead", {}, el("tr", {}, el("th", { scope: "col", text: "class" }), ...head)), el("tbody", {}, ...rows))),
      ...this.about(),
    );
  }

  title(facet, value) {
    if (value === "") return facet === "case" ? "" : "none";
    return facet === "style" ? `style ${styleName(value)}` : facet === "case" ? `${value} case` : `${value}`;
  }

  chooser() {
    if (this.axes.length < 2) return null;
    const field = el("select", { onchange: () => { this.axis = this.axes[Number(field.value)]; this.draw(); } },
      ...this.axes.map((axis, k) => el("option", { value: k, selected: axis === this.axis, text: axis.name })));
    return el("label", {}, el("span", { class: "soft", text: "columns " }), field);
  }

  cell(name, column, items) {
    if (!items.length) return el("td", { class: "none", text: "–" });
    const values = JSON.parse(column);
    const facets = Object.fromEntries(Object.keys(this.axis.facets).map((facet, k) => [facet, values[k]]));
    const step = items.length / EXAMPLES;
    const examples = items.length <= EXAMPLES ? items : Array.from({ length: EXAMPLES }, (_, k) => items[Math.floor((k + 0.5) * step)]);
    const words = `${name}: ${counted(items.length, "image")}`;
    return el("td", {}, el("button", { type: "button", class: "examples", "aria-label": words, onclick: () => this.choose({ class: name, ...facets }) },
      ...examples.filter((item) => item.thumb).map((item) => { const image = el("img", { src: item.thumb, alt: "" }); if (isSmall(item)) image.classList.add("squares"); return image; }),
      el("span", { text: items.length.toLocaleString("en") })));
  }

  about() {
    if (!DATA.about.length) return [el("p", { class: "soft", text: "The folder has no dataset.json: datagen did not build it, so nothing is known of how its images were made." })];
    return [el("h2", { text: "The dataset" }), el("dl", { class: "facts wide" }, ...DATA.about.flatMap(([name, value]) => [el("dt", { text: name }), el("dd", { text: value })]))];
  }
}

function byValues(one, other) {
  const [a, b] = [JSON.parse(one), JSON.parse(other)];
  for (let k = 0; k < a.length; k++)
    if (a[k] !== b[k]) return a[k] === "" ? 1 : b[k] === "" ? -1 : a[k] < b[k] ? -1 : 1;
  return 0;
}
