// The panel of one image: large, with its facts, how it was made, and its look-alikes.
import { byId, counted, el, say } from "./dom.js";
import { DATA, ITEMS, nearestOf, partName, styleName } from "./items.js";

const PATIENCE = 150; // ms
const THUMB = 160; // pixels: what is larger is fetched whole where it is served
const SMALL = 64; // pixels: so few are shown as squares, not smoothed

/** A picture in the page; `side` is the longer one of its places. */
function shown(source, alt, small, style = "") {
  const image = el("img", { src: source, alt, class: style, draggable: "false" });
  if (small) image.classList.add("squares");
  return image;
}

function placeholder() {
  return el("div", { class: "missing", text: "not readable" });
}

export const isSmall = (item) => Math.max(...(item.size ?? [999])) <= SMALL;

/** Name an image in a few words. */
export function nameOf(item) {
  return [item.class, partName(item.part), item.source, item.case].filter(Boolean).join(", ");
}

export class Panel {
  /**
   * `go(item)` shows another image; `walk(by)` the one so many places on; `search(words)` shows all
   * that have these words.
   */
  constructor(host, go, walk, search) {
    this.host = host;
    this.go = go;
    this.walk = walk;
    this.search = search;
    this.item = null;
    this.step = null; // of its making; null: the last
    this.known = new Map(Object.entries(DATA.makings));
  }

  show(item, place, of) {
    this.item = item;
    this.step = null;
    this.place = place;
    this.of = of;
    this.draw();
  }

  draw() {
    const { item } = this;
    if (item === null) {
      this.host.replaceChildren(el("p", { class: "soft", text: "No image is chosen." }));
      return;
    }
    this.host.replaceChildren(
      this.head(),
      el("h2", { class: "path", text: item.name }),
      el("div", { class: "what" }, el("div", { class: "large" }, this.large(item)), this.facts(item)),
      ...this.scores(item),
      ...this.making(item),
      ...this.alike(item),
    );
  }

  head() {
    return el(
      "div",
      { class: "steps-head bar" },
      el("span", { class: "soft", text: this.of ? `${(this.place + 1).toLocaleString("en")} of ${this.of.toLocaleString("en")}` : "" }),
      this.of > 1 ? el("span", {}, this.arrow(-1, "‹", "the image before"), this.arrow(1, "›", "the next image")) : null,
      el("button", { type: "button", class: "plain close", text: "Close", onclick: () => this.close() }),
    );
  }

  arrow(by, text, label) {
    const end = this.place + by < 0 || this.place + by >= this.of;
    return el("button", { type: "button", class: "arrow", text, "aria-label": label, disabled: end, onclick: () => this.walk(by) });
  }

  close() {
    document.body.classList.remove("with-panel");
    byId("grid").focus();
  }

  large(item) {
    if (!item.thumb) return placeholder();
    const exact = DATA.live && Math.max(...item.size) > THUMB ? `/picture?image=${encodeURIComponent(item.name)}` : item.thumb;
    const image = shown(exact, `${item.class}: ${item.name}`, isSmall(item), "picture");
    image.addEventListener("error", () => { if (image.src !== item.thumb) image.src = item.thumb; }, { once: true });
    return image;
  }

  facts(item) {
    const row = (name, value) => (value === undefined || value === null || value === "" ? [] : [el("dt", { text: name }), el("dd", {}, value)]);
    const siblings = item.parent ? ITEMS.filter((each) => each.parent === item.parent && each.source === item.source).length : 0;
    const parent = item.parent && el("span", {}, `${item.parent} `, siblings < 2 ? null : el("button", { type: "button", class: "plain", text: `all ${siblings} of it`, onclick: () => this.search(item.parent) }));
    return el(
      "dl", { class: "facts" },
      ...row("class", item.class),
      ...row("part", item.part && partName(item.part)),
      ...row("source", item.source),
      ...row("case", item.case),
      ...row("style", item.style === undefined ? "" : styleName(item.style)),
      ...row("letters", item.glyphs.join(", ")),
      ...row(item.writers.length > 1 ? "writers" : "writer", item.writers.length ? el("span", {}, ...item.writers.map((writer) => el("button", { type: "button", class: "plain", text: writer, onclick: () => this.search(writer) }))) : ""),
      ...row("parent", parent || ""),
      ...row("pipeline", item.pipeline),
      ...row("seed", item.seed?.join(", ")),
      ...row("file", item.size ? `${item.size.join("×")} pixels` : item.reason),
      ...row("changed", item.changed && "since it was built: its bytes are not those of the manifest"),
    );
  }

  scores(item) {
    return Object.entries(item.said).map(([number, [said, probability, wrong, leak]]) => {
      const score = DATA.scores[number];
      const runs = score.seeds > 1 && wrong ? `, wrong in ${wrong} of ${score.seeds} seeds` : "";
      const verdict = wrong ? el("b", { class: "wrong", text: `said ${said}` }) : el("b", { class: "right", text: `right` });
      const known = leak && `; the dataset knows it: ${leak}`;
      return el("p", { class: "verdict" }, verdict, ` with probability ${probability.toFixed(2)}${runs}${known || ""} `, el("span", { class: "soft", text: score.how }));
    });
  }

  // ---- how it was made

  making(item) {
    if (!item.own || !DATA.manifest || item.glyphs.length + (item.parent ? 1 : 0) === 0) return [];
    const made = this.known.get(item.name);
    const heading = el("h2", { text: "How it was made" });
    if (made === undefined && DATA.live) {
      // held keys pass by many images: only where one stays is it made again
      setTimeout(() => { if (this.item === item && !this.known.has(item.name)) this.fetch(item); }, PATIENCE);
      return [heading, el("p", { class: "soft", text: "Making it again …" })];
    }
    if (made === undefined) return [heading, ...this.without(item)];
    const parts = [heading, this.verdict(made)];
    if (made.letters?.length) parts.push(this.letters(made));
    if (made.steps.length) parts.push(this.strip(made), this.beside(made));
    return parts;
  }

  without(item) {
    const listed = item.ops.map(([op, parameters]) => el("li", {}, el("b", { text: op }), parameters ? ` ${parameters}` : ""));
    const command = `${DATA.command} --image ${/^[\w./-]+$/.test(item.name) ? item.name : `'${item.name}'`}`;
    return [
      el("ol", { class: "ops" }, ...listed),
      el("p", { class: "soft" }, `The pictures of the steps are kept here for ${counted(Object.keys(DATA.makings).length, "image")} only. For any image, with making it again: `, el("code", { text: `${DATA.command} --serve` }), ", or for this one: ", el("code", { text: command })),
    ];
  }

  async fetch(item) {
    try {
      const answer = await fetch(`/making?image=${encodeURIComponent(item.name)}`);
      if (!answer.ok) throw new Error(await answer.text());
      this.known.set(item.name, await answer.json());
    } catch (error) {
      this.known.set(item.name, { steps: [], equal: null, note: `The server did not answer: ${error.message}` });
    }
    if (this.item === item) this.draw();
  }

  verdict(made) {
    if (made.equal) return el("p", { class: "right" }, "✓ Made again from its line of the manifest: equal to the file, byte by byte.");
    if (made.equal === null) return el("p", { class: "wrong" }, `It cannot be made again here: ${made.note}.`);
    return el("p", { class: "wrong" }, `✗ Not equal to the file: ${made.note}.`);
  }

  /** The letters that it was composed of; a click shows all images with that letter. */
  letters(made) {
    const cells = made.letters.map(([name, picture]) =>
      el("button", { type: "button", class: "letter", title: `all images with ${name}`, "aria-label": `letter ${name}: all images with it`, onclick: () => this.search(name) },
        el("img", { src: picture, alt: "" }), el("span", { text: name })));
    return el("div", { class: "letters", role: "group", "aria-label": "Letters" }, ...cells);
  }

  strip(made) {
    this.step ??= made.steps.length - 1;
    const cells = made.steps.map((step, number) =>
      el(
        "button",
        { type: "button", class: "step", "aria-pressed": String(number === this.step), "aria-label": `step ${number}: ${step.name}`, onclick: () => this.choose(number) },
        shown(step.picture, "", parseInt(step.size, 10) <= SMALL),
        el("span", { text: step.name === "as the evaluator sees it" ? "32×32" : step.name }),
      ),
    );
    return el("div", { class: "strip", role: "group", "aria-label": "Steps" }, ...cells);
  }

  /** The picture before and after the chosen step, side by side. */
  beside(made) {
    const after = made.steps[this.step];
    const before = made.steps[this.step - 1];
    const frame = (step, words) =>
      el("figure", {}, shown(step.picture, words, parseInt(step.size, 10) <= SMALL), el("figcaption", { text: `${words}, ${step.size}` }));
    const changed = after.numeral ? ` It is now ${after.numeral}.` : "";
    return el(
      "div", { class: "beside-box" },
      el("div", { class: "beside" }, before && frame(before, `before: ${before.name}`), frame(after, before ? `after: ${after.name}` : after.name)),
      after.parameters || changed ? el("p", { class: "soft", text: `${after.parameters}${changed}` }) : null,
    );
  }

  choose(number) {
    const made = this.known.get(this.item.name);
    if (!made?.steps.length) return;
    this.step = (number + made.steps.length) % made.steps.length;
    const focused = this.host.contains(document.activeElement);
    const top = this.host.scrollTop;
    this.draw();
    this.host.scrollTop = top;
    const chosen = this.host.querySelector('.step[aria-pressed="true"]');
    if (focused) chosen.focus();
    chosen.scrollIntoView({ block: "nearest", inline: "nearest" });
    say(made.steps[this.step].name);
  }

  turn(by) {
    if (this.step !== null) this.choose(this.step + by);
  }

  // ---- what is like it

  alike(item) {
    const best = nearestOf(item);
    if (best === null) return [];
    const places = new Map([[best[0].index, best[1]], ...item.alike]);
    const cells = [...places].map(([place, likeness]) => {
      const other = ITEMS[place];
      const kind = place === item.copy ? "same picture" : place === item.near ? "near-duplicate" : likeness.toFixed(2);
      const words = `${other.class}${other.part ? `, ${partName(other.part)}` : ""}`;
      return el(
        "button",
        { type: "button", class: "like", "aria-label": `${words}, ${kind}: ${other.name}`, title: other.name, onclick: () => this.go(other) },
        other.thumb ? shown(other.thumb, "", isSmall(other)) : placeholder(),
        el("span", { class: other.class === item.class ? "" : "wrong", text: words }),
        el("span", { class: "soft", text: kind }),
      );
    });
    const where = DATA.parts.length > 1 ? "in the other parts" : "";
    return [
      el("h2", { text: `Most like it ${where}`.trim() }),
      el("div", { class: "likes" }, ...cells),
    ];
  }
}
