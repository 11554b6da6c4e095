// One image, large, and everything that helps to judge it.
import { byId, counted, el, write } from "./dom.js";
import { CLASSES, digitOf, stamp, strongest, told, words } from "./decisions.js";

const NEIGHBOURS = 8;

export class SuspectView {
  /** `how`: near(item), picture(item, kind), decision(item), open(item), act: {keep, drop, …}. */
  constructor(how) {
    this.how = how;
    this.item = null;
    this.buttons();
  }

  buttons() {
    const { act } = this.how;
    const button = (key, text, run, look = "") =>
      el("button", { type: "button", class: look, "aria-keyshortcuts": key, onclick: run },
        el("span", { text }), el("kbd", { "aria-hidden": "true", text: key.length === 1 ? key.toUpperCase() : key }));
    this.keep = button("k", "Keep", act.keep, "keep");
    this.drop = button("d", "Drop", act.drop, "drop");
    byId("decide").append(
      this.keep, this.drop, button("s", "Skip", act.skip), button("u", "Undo", act.undo));
    this.labels = CLASSES.map((numeral) =>
      el("button",
        { type: "button", "aria-keyshortcuts": digitOf(numeral), "aria-label": `It shows ${numeral}`, onclick: () => act.relabel(numeral) },
        el("b", { text: numeral }), el("kbd", { "aria-hidden": "true", text: digitOf(numeral) })));
    byId("labels").append(...this.labels);
  }

  show(item, place) {
    const fresh = this.item !== item;
    this.item = item;
    if (fresh) this.pictures(item);
    const one = this.how.decision(item);
    write(byId("stamp"), stamp(one));
    byId("stage").dataset.verdict = one?.verdict ?? "";
    this.keep.setAttribute("aria-pressed", String(one?.verdict === "keep"));
    this.drop.setAttribute("aria-pressed", String(one?.verdict === "drop"));
    CLASSES.forEach((numeral, k) => {
      const button = this.labels[k];
      button.classList.toggle("given", numeral === item.class);
      button.classList.toggle("likelier", numeral === item.likelier);
      button.setAttribute("aria-pressed", String(one?.verdict === "relabel" && one.class === numeral));
    });
    this.marks();
    if (!fresh) return;
    this.words(item);
    this.chances(item);
    this.signals(item);
    this.facts(item);
    this.neighbours(item);
    this.announce(item, place);
  }

  pictures(item) {
    const large = byId("large");
    large.removeAttribute("src"); // or the last image would stay while this one comes
    large.className = "";
    large.alt = `image given as ${item.class}: ${item.path}`;
    large.onload = () => large.classList.toggle("small", large.naturalWidth < 100);
    large.onerror = () => { large.alt = `${item.path} cannot be shown`; };
    large.src = this.how.picture(item, "large");
    byId("network").src = this.how.picture(item, "network");
    byId("network").alt = "the same image at 32 by 32 pixels";
  }

  words(item) {
    const suggested = {
      relabel: item.likelier && item.likelier !== item.class ? `probably ${item.likelier}` : "",
      drop: "probably to be dropped",
      keep: "probably right",
    }[item.suggestion];
    byId("given").replaceChildren("Given as ", el("b", { class: "numeral", text: item.class }),
      suggested ? `, ${suggested}` : "");
    byId("tag").replaceChildren("given as ", el("b", { text: item.class }));
    write(byId("why"), item.why ?? "");
  }

  chances(item) {
    const host = byId("chances");
    host.hidden = item.probabilities === undefined;
    if (host.hidden) return;
    const shown = item.probabilities.map((p, k) => [CLASSES[k], p]);
    const text = [...shown].sort(([, a], [, b]) => b - a).slice(0, 3)
      .map(([numeral, p]) => `${numeral} ${Math.round(100 * p)} %`).join(", ");
    host.setAttribute("aria-label", `Probabilities by networks that did not train on it: ${text}`);
    host.replaceChildren(...shown.map(([numeral, p]) => {
      const bar = el("i");
      bar.style.height = `${Math.max(1, Math.round(56 * p))}px`;
      const look = numeral === item.class ? "given" : numeral === item.likelier ? "likelier" : "";
      return el("span", { class: look, title: `${numeral}: ${(100 * p).toFixed(1)} %` },
        el("small", { text: p >= 0.005 ? Math.round(100 * p) : "" }), bar, el("b", { text: numeral }));
    }));
  }

  signals(item) {
    byId("signals").replaceChildren(...strongest(item).slice(0, 6).map(([name, strength]) =>
      el("li", {}, el("span", { text: words(name) }), el("b", { text: strength.toFixed(2) }))));
  }

  facts(item) {
    const facts = [["file", item.path]];
    if (item.rank !== undefined) facts.push(["rank", item.rank.toLocaleString("en")]);
    if (item.source) facts.push(["source", item.source]);
    if (item.style !== null && item.style !== undefined) facts.push(["style", `${item.class} ${item.style}`]);
    if (item.value) {
      const [value, low, high] = item.value.map((v) => (v === null ? null : (100 * v).toFixed(3)));
      facts.push(["value", `${value} points of accuracy${low === null ? "" : ` (${low} … ${high})`}`]);
    }
    if (item.copies) facts.push(["copies", `${counted(item.copies, "equal file")} more in ${item.class}`]);
    if (item.elsewhere.length) facts.push(["also in", `${item.elsewhere.join(", ")}: the same file; what you decide here counts for this class`]);
    byId("facts").replaceChildren(...facts.map(([name, text]) =>
      el("div", {}, el("dt", { text: name }), el("dd", { text }))));
  }

  /** Show the look-alikes, which may come a moment later. */
  async neighbours(item) {
    byId("alike").replaceChildren();
    write(byId("as-file"), "");
    const { alike, twins, file } = await this.how.near(item);
    if (this.item !== item) return; // it is another one by now
    write(byId("as-file"), file ?? "");
    const shown = [...twins, ...alike.filter((other) => !twins.includes(other))].slice(0, Math.max(NEIGHBOURS, twins.length));
    byId("alike-title").hidden = shown.length === 0;
    byId("alike").replaceChildren(...shown.map((other) => {
      const twin = twins.includes(other);
      const made = el("button",
        { type: "button", class: `${other.class === item.class ? "" : "differs"} ${twin ? "twin" : ""}`, onclick: () => this.how.open(other) },
        el("img", { src: this.how.picture(other, "thumb"), alt: "", width: 72, height: 72, decoding: "async" }),
        el("b", { text: other.class }), el("small", {}));
      made.item = other;
      made.twin = twin;
      return made;
    }));
    this.marks();
  }

  /** Write onto the neighbours what is decided of them. */
  marks() {
    for (const button of byId("alike").children) {
      const one = this.how.decision(button.item);
      const text = stamp(one) || (button.twin ? "same writing" : "");
      write(button.lastChild, text);
      button.setAttribute("aria-label", `given as ${button.item.class}${text ? `, ${text}` : ""}; look at it`);
    }
  }

  announce(item, place) {
    const one = this.how.decision(item);
    write(byId("announced"),
      `${place}. ${byId("given").textContent}. ${item.why ?? ""} ${one ? told(one) : ""}`);
  }
}
