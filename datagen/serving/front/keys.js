// Keys of the page: what each does, and the list of them that "?" shows.
import { el } from "./dom.js";

/** The key of an event as bindings name it; a digit also where a keyboard needs Shift for it. */
export function keyOf(event) {
  if (/^Digit\d$/.test(event.code) && !/^\d$/.test(event.key) && !event.shiftKey)
    return event.code.slice(5);
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/**
 * Bindings: [{keys: ["d", "Delete"], name: "drop", run: event => …, when: () => true}].
 * A binding with `shown` false is not listed; one with `held` is run again while its key is held down. Keys are not taken from fields, nor from the browser.
 */
export class Keymap {
  constructor(bindings) {
    this.bindings = bindings;
    this.dialog = null;
    document.addEventListener("keydown", (event) => this.handle(event));
  }

  handle(event) {
    if (event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.target.closest?.("input, select, textarea")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (document.querySelector("dialog[open]") && event.key !== "?") return;
    const key = keyOf(event);
    // a button that has the focus keeps the keys that press it
    if ((key === "Enter" || key === " ") && event.target.closest?.("button, summary, a")) {
      if (event.repeat && key === "Enter") event.preventDefault(); // it would press it again and again
      return;
    }
    const found = this.bindings.find(
      ({ keys, when }) => keys.includes(key) && (when === undefined || when()),
    );
    if (found === undefined) return;
    event.preventDefault();
    if (!event.repeat || found.held) found.run(event, key);
  }

  /** Show the list of keys, or close it. */
  help() {
    if (this.dialog === null) {
      this.dialog = this.drawn();
      document.body.append(this.dialog);
    }
    if (this.dialog.open) this.dialog.close();
    else this.dialog.showModal();
  }

  drawn() {
    const rows = this.bindings
      .filter(({ shown }) => shown !== false)
      .map(({ keys, label, name }) =>
        el(
          "tr",
          {},
          el("td", {}, ...(label ?? keys).map((key) => el("kbd", { text: keyName(key) }))),
          el("td", { text: name }),
        ),
      );
    return el(
      "dialog",
      { class: "help", "aria-labelledby": "help-title" },
      el("h2", { id: "help-title", text: "Keys" }),
      el("table", {}, el("tbody", {}, ...rows)),
      el("form", { method: "dialog" }, el("button", { text: "Close", autofocus: true })),
    );
  }
}

const NAMES = { " ": "Space", ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };
const keyName = (key) => NAMES[key] ?? (/^[a-z]$/.test(key) ? key.toUpperCase() : key);
