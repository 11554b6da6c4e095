// A bar of filters over a list of items, each a choice with how many items it leaves.
import { el } from "./dom.js";

/**
 * Facets: [{name: "class", of: item => value | [values], label: value => text, order: [values]}].
 * `changed` is called with no argument; `kept(items)` gives what the filters leave.
 */
export class Filters {
  constructor(host, facets, changed) {
    this.facets = facets.map((facet) => ({ label: (value) => String(value), ...facet, chosen: "" }));
    this.words = "";
    this.host = host;
    this.changed = changed;
    for (const facet of this.facets) {
      facet.field = el("select", { onchange: () => this.pick(facet, facet.field.value) });
      facet.box = el("label", {}, el("span", { text: facet.name }), facet.field);
      host.append(facet.box);
    }
    const search = el("input", {
      type: "search", size: 12, placeholder: "part of it", autocomplete: "off",
      oninput: () => { this.words = search.value.toLowerCase(); this.changed(); },
    });
    this.search = search;
    host.append(el("label", {}, el("span", { text: "file" }), search));
    this.reset = el("button", { type: "button", class: "plain", text: "Clear filters", onclick: () => this.clear() });
    host.append(this.reset);
  }

  pick(facet, value) {
    facet.chosen = value;
    this.changed();
  }

  /** Choose a value from outside. */
  set(name, value) {
    const facet = this.facets.find((each) => each.name === name);
    facet.chosen = String(value);
    this.changed();
  }

  clear() {
    for (const facet of this.facets) facet.chosen = "";
    this.words = this.search.value = "";
    this.changed();
  }

  get active() {
    return this.words !== "" || this.facets.some(({ chosen }) => chosen !== "");
  }

  values(facet, item) {
    const found = facet.of(item);
    return Array.isArray(found) ? found : [found];
  }

  passes(item, except = null) {
    if (this.words && !item.path.toLowerCase().includes(this.words)) return false;
    return this.facets.every(
      (facet) =>
        facet === except || facet.chosen === "" ||
        this.values(facet, item).some((value) => String(value) === facet.chosen),
    );
  }

  kept(items) {
    return items.filter((item) => this.passes(item));
  }

  /** Write how many items each choice would leave, beside the other choices made. */
  count(items) {
    for (const facet of this.facets) {
      const counts = new Map();
      for (const item of items)
        if (this.passes(item, facet))
          for (const value of this.values(facet, item))
            if (value !== null && value !== undefined && value !== "")
              counts.set(value, (counts.get(value) ?? 0) + 1);
      const known = facet.order ?? [...counts.keys()].sort((a, b) => (a < b ? -1 : 1));
      const listed = known.filter((value) => counts.has(value) || String(value) === facet.chosen);
      facet.box.hidden = listed.length < 2 && facet.chosen === "";
      facet.field.replaceChildren(
        el("option", { value: "", text: "all" }),
        ...listed.map((value) =>
          el("option", {
            value: String(value),
            selected: String(value) === facet.chosen,
            text: `${facet.label(value)} (${(counts.get(value) ?? 0).toLocaleString("en")})`,
          }),
        ),
      );
      facet.field.value = facet.chosen;
    }
    this.reset.hidden = !this.active;
  }
}
