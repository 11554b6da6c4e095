// Where decisions are kept: on the server, or in the browser where the page is a file.
import { same } from "./decisions.js";

const PAUSE = 1500; // ms between two looks at what other tabs did
const AGAIN = 2000; // ms until something is sent again

/**
 * Both kinds have `decisions`, a Map of SHA-256 → decision; `decide` changes it at once and saves it
 * behind. They call `changed(ids)` for what came from elsewhere, `status(text)` for what a person
 * must know about saving, and `news(message)` with what else the server says.
 */
export class ServerStore {
  constructor(listeners) {
    Object.assign(this, listeners);
    this.decisions = new Map();
    this.version = 0;
    this.waiting = []; // steps that the server does not have yet
    this.sending = false;
  }

  async load() {
    const all = await this.ask("everything");
    this.version = all.version;
    this.decisions = new Map(Object.entries(all.decisions));
    for (const step of this.waiting) this.apply(step.decisions ?? {});
    if (!this.watching) this.watch();
    return all;
  }

  picture(item, kind) {
    return `picture/${kind}/${item.id}`;
  }

  decide(decisions) {
    const seen = {};
    for (const id of Object.keys(decisions)) seen[id] = this.decisions.get(id) ?? null;
    this.apply(decisions);
    this.waiting.push({ decisions, seen });
    this.send();
  }

  /** Take the last step back, of whichever tab; return the SHA-256s that it was about. */
  undo() {
    return new Promise((done, failed) => {
      this.waiting.push({ undo: true, done, failed }); // after what was decided before
      this.send();
    });
  }

  async sendUndo({ done, failed }) {
    try {
      const { decisions } = await this.ask("undo", {});
      this.apply(decisions);
      done(Object.keys(decisions));
    } catch (error) {
      failed(error);
    }
    this.waiting.shift();
  }

  async improve() {
    return this.ask("improve", {});
  }

  /** The look-alikes of an image, and which are the same writing: {alike, twins}, paths. */
  async near(item) {
    return this.ask(`near/${item.id}`);
  }

  apply(decisions) {
    for (const [id, one] of Object.entries(decisions))
      if (one) this.decisions.set(id, one);
      else this.decisions.delete(id);
  }

  async send() {
    if (this.sending) return;
    this.sending = true;
    while (this.waiting.length) {
      const step = this.waiting[0];
      if (step.undo) {
        await this.sendUndo(step);
        continue;
      }
      try {
        const { decisions, overruled } = await this.ask("decide", step);
        this.waiting.shift();
        for (const [id, one] of Object.entries(decisions))
          if (same(one, this.decisions.get(id))) this.apply({ [id]: one }); // now with who and when
        this.status(this.waiting.length ? `saving ${this.waiting.length}` : "");
        if (Object.keys(overruled).length) this.overruled(overruled);
      } catch (error) {
        const count = this.waiting.length;
        this.status(`${count} not saved: ${error.message}`, true);
        await pause(AGAIN);
      }
    }
    this.sending = false;
  }

  async watch() {
    this.watching = true;
    for (;;) {
      await pause(PAUSE);
      if (document.hidden) continue;
      await this.look();
    }
  }

  /** Ask what other tabs did. */
  async look() {
    try {
      const found = await this.ask(`news?since=${this.version}`);
      if (this.waiting.length || this.sending) return; // the next look sees both
      this.version = found.version;
      const changed = Object.entries(found.decisions)
        .filter(([id, one]) => !same(one, this.decisions.get(id)))
        .map(([id]) => id);
      this.apply(found.decisions);
      if (changed.length) this.changed(changed);
      this.news(found);
      if (this.lost) this.status("");
      this.lost = false;
    } catch (error) {
      this.lost = true;
      this.status(error.message, true);
    }
  }

  async ask(path, body) {
    const how = body === undefined ? {} : { method: "POST", body: JSON.stringify(body) };
    let answer;
    try {
      answer = await fetch(path, how);
    } catch {
      throw new Error("datagen review has ended in the terminal; start it again");
    }
    const type = answer.headers.get("content-type") ?? "";
    const found = type.includes("json") ? await answer.json() : { error: await answer.text() };
    if (!answer.ok) throw new Error(found.error || `error ${answer.status}`);
    return found;
  }
}

/** Decisions in the browser's own storage, under a name for this collection. */
export class BrowserStore {
  constructor(all, listeners) {
    Object.assign(this, listeners);
    this.all = all;
    this.key = `datagen-review ${all.key}`;
    const kept = this.read();
    this.decisions = new Map(Object.entries(kept?.decisions ?? all.decisions));
    this.steps = kept?.steps ?? [];
    addEventListener("storage", (event) => event.key === this.key && this.look());
  }

  async load() {
    return this.all;
  }

  picture(item, kind) {
    return this.all.pictures[item.id][kind === "network" ? 1 : 0];
  }

  decide(decisions) {
    this.look(); // another tab may have written
    const before = {};
    for (const [id, one] of Object.entries(decisions)) {
      before[id] = this.decisions.get(id) ?? null;
      if (one) this.decisions.set(id, { ...one, ...this.signed() });
      else this.decisions.delete(id);
    }
    this.steps = [...this.steps, before].slice(-1000);
    this.write();
  }

  async undo() {
    this.look();
    const last = this.steps.pop();
    for (const [id, one] of Object.entries(last ?? {}))
      if (one) this.decisions.set(id, one);
      else this.decisions.delete(id);
    this.write();
    return Object.keys(last ?? {});
  }

  async near(item) {
    return this.all.near[item.id] ?? { alike: [], twins: [] };
  }

  look() {
    const kept = this.read();
    if (kept === null) return;
    const found = new Map(Object.entries(kept.decisions));
    const ids = new Set([...found.keys(), ...this.decisions.keys()]);
    const changed = [...ids].filter((id) => !same(found.get(id), this.decisions.get(id)));
    this.decisions = found;
    this.steps = kept.steps;
    if (changed.length) this.changed(changed);
  }

  signed() {
    const when = `${new Date().toISOString().slice(0, 19)}Z`;
    return this.all.who ? { who: this.all.who, when } : { when };
  }

  read() {
    try {
      return JSON.parse(localStorage.getItem(this.key));
    } catch {
      return null;
    }
  }

  write() {
    try {
      const kept = { decisions: Object.fromEntries(this.decisions), steps: this.steps };
      localStorage.setItem(this.key, JSON.stringify(kept));
      this.status("");
    } catch {
      this.status("the browser keeps nothing here: download the review before you leave", true);
    }
  }
}

const pause = (time) => new Promise((done) => setTimeout(done, time));
