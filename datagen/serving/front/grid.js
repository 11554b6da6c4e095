// A grid of thumbnails of any length: only the rows on the screen are in the page.
import { el } from "./dom.js";

const BEYOND = 2; // rows drawn above and below the screen

/**
 * Give it an element of some height, and:
 *   label         what a screen reader calls it
 *   side          pixels of a picture; captionHeight: of the text below, 0 for none
 *   picture(item) the address of its picture
 *   name(item)    what a screen reader says of it
 *   dress(cell, item)   optional: sets classes and texts of a cell; called again by refresh()
 *   choose(index, event)  a click, Enter or Space on a picture
 *   moved(index)  optional: the current picture is another one
 */
export class ThumbnailGrid {
  constructor(host, how) {
    this.host = host;
    this.how = { captionHeight: 18, gap: 8, ...how };
    this.items = [];
    this.current = 0;
    this.cells = new Map(); // index → cell, of those in the page
    this.columns = 1;
    this.id = host.id || "grid";
    host.classList.add("thumbnails");
    host.tabIndex = 0;
    host.setAttribute("role", "listbox");
    host.setAttribute("aria-label", this.how.label);
    this.space = el("div", { class: "space", role: "presentation" });
    host.replaceChildren(this.space);
    host.addEventListener("scroll", () => this.later(), { passive: true });
    host.addEventListener("keydown", (event) => this.key(event));
    this.space.addEventListener("click", (event) => this.clicked(event));
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(host);
  }

  /** Show other items; the current one stays current where it is still among them. */
  show(items) {
    const kept = this.items[this.current];
    this.items = items;
    this.clear();
    this.current = Math.max(0, items.indexOf(kept));
    this.draw();
    this.reveal(this.current);
  }

  /** Draw one item's cell anew, or all of them, after they changed. */
  refresh(index = null) {
    for (const [each, cell] of this.cells) if (index === null || each === index) this.dress(cell, each);
  }

  focus() {
    this.host.focus({ preventScroll: true });
  }

  /** Make an item the current one, and bring it onto the screen. */
  moveTo(index) {
    if (!this.items.length) return;
    const before = this.current;
    this.current = Math.min(this.items.length - 1, Math.max(0, index));
    this.reveal(this.current);
    this.refresh(before);
    this.refresh(this.current);
    this.point();
    if (before !== this.current) this.how.moved?.(this.current);
  }

  // ---- keys and clicks

  key(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const page = this.columns * Math.max(1, Math.floor(this.host.clientHeight / this.rowHeight) - 1);
    const steps = {
      ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
      PageUp: -page, PageDown: page, Home: -this.items.length, End: this.items.length,
    };
    if (event.key in steps) this.moveTo(this.current + steps[event.key]);
    else if ((event.key === "Enter" || event.key === " ") && this.items.length) {
      if (!event.repeat) this.how.choose(this.current, event); // not by a key that is held down
    } else return;
    event.preventDefault();
  }

  clicked(event) {
    const cell = event.target.closest(".cell");
    if (cell === null) return;
    this.moveTo(cell.index);
    this.how.choose(cell.index, event);
  }

  // ---- what is drawn

  get rowHeight() {
    return this.how.side + this.how.captionHeight + this.how.gap;
  }

  later() {
    if (this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.draw();
    });
  }

  draw() {
    const { side, gap } = this.how;
    const width = this.host.clientWidth;
    if (!width) return; // it is hidden
    const columns = Math.max(1, Math.floor((width - gap) / (side + gap)));
    if (columns !== this.columns) {
      this.columns = columns;
      this.clear();
    }
    this.space.style.height = `${Math.ceil(this.items.length / columns) * this.rowHeight + gap}px`;
    const top = Math.floor(this.host.scrollTop / this.rowHeight) - BEYOND;
    const rows = Math.ceil(this.host.clientHeight / this.rowHeight) + 2 * BEYOND;
    const first = Math.max(0, top * columns);
    const last = Math.min(this.items.length, (top + rows + 1) * columns);
    for (const [index, cell] of this.cells)
      if (index < first || index >= last) {
        cell.remove();
        this.cells.delete(index);
      }
    const fresh = [];
    for (let index = first; index < last; index++)
      if (!this.cells.has(index)) fresh.push(this.cell(index));
    this.space.append(...fresh);
    this.point();
  }

  cell(index) {
    const { side, gap } = this.how;
    const item = this.items[index];
    const cell = el(
      "div",
      { class: "cell", role: "option", id: `${this.id}-${index}`, "aria-setsize": this.items.length, "aria-posinset": index + 1 },
      el("img", { src: this.how.picture(item), alt: "", width: side, height: side, decoding: "async", draggable: "false" }),
      el("span", { class: "caption" }),
    );
    cell.index = index;
    cell.style.transform = `translate(${gap + (index % this.columns) * (side + gap)}px, ${
      gap + Math.floor(index / this.columns) * this.rowHeight
    }px)`;
    cell.style.width = `${side}px`;
    this.cells.set(index, cell);
    this.dress(cell, index);
    return cell;
  }

  dress(cell, index) {
    const item = this.items[index];
    cell.classList.toggle("current", index === this.current);
    cell.setAttribute("aria-selected", String(index === this.current));
    cell.setAttribute("aria-label", this.how.name(item));
    this.how.dress?.(cell, item);
  }

  /** Tell screen readers which cell the keys act on. */
  point() {
    if (this.cells.has(this.current))
      this.host.setAttribute("aria-activedescendant", `${this.id}-${this.current}`);
    else this.host.removeAttribute("aria-activedescendant");
  }

  reveal(index) {
    const top = Math.floor(index / this.columns) * this.rowHeight;
    const bottom = top + this.rowHeight + this.how.gap;
    const { scrollTop, clientHeight } = this.host;
    if (!clientHeight) return;
    if (top < scrollTop) this.host.scrollTop = top;
    else if (bottom > scrollTop + clientHeight) this.host.scrollTop = bottom - clientHeight;
    this.draw();
  }

  clear() {
    for (const cell of this.cells.values()) cell.remove();
    this.cells.clear();
  }
}
