// Where decisions are kept: on the server, or in the browser where the page is a file.
import { same } from "./decisions.js";

const PAUSE = 1500; // ms between two looks at what other tabs did
const NEVER = [400, 413]; // what the server answers to a step that it can never take
const AGAIN = 2000; // ms until something is sent again

/**
 * Both kinds have `decisions`, a Map of SHA-256 → decision; `decide` changes it at once and saves it
 * behind. They call `changed(ids)` for what came from elsewhere, `status(text)` for what a person
 * must know about saving, `refused(ids, message)` for what cannot be saved and is taken back, and `news(message)` with what else the server says.
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

  /** Take the last step back, of whichever tab: {ids, since}, SHA-256s and what others decided since. */
  undo() {
    return new Promise((done, failed) => {
      this.waiting.push({ undo: true, done, failed }); // after what was decided before
      this.send();
    });
  }

  async sendUndo({ done, failed }) {
    try {
      const { decisions, since } = await this.ask("undo", {});
      this.apply({ ...decisions, ...since });
      done({ ids: Object.keys(decisions), since });
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
        if (NEVER.includes(error.status)) {
          this.takeBack(this.waiting.shift(), error.message);
          continue;
        }
        const count = this.waiting.length;
        this.status(`${count} not saved: ${error.message}`, true);
        await pause(AGAIN);
      }
    }
    this.sending = false;
  }

  /** Forget a step that the server will never take; what was decided after it stays. */
  takeBack({ seen }, message) {
    this.apply(seen);
    for (const step of this.waiting) this.apply(step.decisions ?? {});
    this.status("");
    this.refused(Object.keys(seen), message);
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
    if (!answer.ok) throw Object.assign(new Error(found.error || `error ${answer.status}`), { status: answer.status });
    return found;
  }
}

/**
 * Decisions in the browser's own storage, under a name for this review: its file, who decides, and the
 * images. What the file was written with is merged with what is kept: of two the later counts.
 */
export class BrowserStore {
  constructor(all, listeners) {
    Object.assign(this, listeners);
    this.all = all;
    this.key = `datagen-review ${all.key}`;
    this.steps = [];
    this.taken = {}; // what the file was written with and the person took back
    this.decisions = new Map(Object.entries(all.decisions));
    this.take(this.read());
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
    for (const id of Object.keys(decisions)) before[id] = this.decisions.get(id) ?? null;
    const signed = Object.entries(decisions).map(([id, one]) => [id, one && { ...one, ...this.signed() }]);
    const after = Object.fromEntries(signed);
    this.apply(after);
    this.steps = [...this.steps, { before, after }].slice(-1000);
    this.write();
  }

  async undo() {
    this.look();
    const { before, after } = this.steps.pop() ?? { before: {}, after: {} };
    const now = (id) => this.decisions.get(id) ?? null;
    const [ids, others] = [[], []];
    for (const id of Object.keys(before)) (equal(now(id), after[id]) ? ids : others).push(id);
    this.apply(Object.fromEntries(ids.map((id) => [id, before[id]])));
    this.write();
    return { ids, since: Object.fromEntries(others.filter(now).map((id) => [id, now(id)])) };
  }

  async near(item) {
    return this.all.near[item.id] ?? { alike: [], twins: [] };
  }

  apply(decisions) {
    for (const [id, one] of Object.entries(decisions)) {
      const given = this.all.decisions[id];
      delete this.taken[id];
      if (one) this.decisions.set(id, one);
      else this.decisions.delete(id);
      // also where an earlier one is restored, or the given one would be back as the later one
      if (given && later(given, one)) this.taken[id] = given;
    }
  }

  look() {
    const before = this.decisions;
    if (!this.take(this.read())) return;
    const ids = new Set([...before.keys(), ...this.decisions.keys()]);
    const changed = [...ids].filter((id) => !same(before.get(id), this.decisions.get(id)));
    if (changed.length) this.changed(changed);
  }

  /** Take what is kept, and of what the file was written with what is later; false: nothing is kept. */
  take(kept) {
    if (kept === null) return false;
    this.steps = kept.steps;
    this.taken = kept.taken;
    this.decisions = new Map(Object.entries(kept.decisions));
    for (const [id, one] of Object.entries(this.all.decisions))
      if (later(one, this.decisions.get(id)) && !equal(one, this.taken[id])) this.decisions.set(id, one);
    return true;
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
      const kept = { decisions: Object.fromEntries(this.decisions), steps: this.steps, taken: this.taken };
      localStorage.setItem(this.key, JSON.stringify(kept));
      this.status("");
    } catch {
      this.status("the browser keeps nothing here: download the review before you leave", true);
    }
  }
}

/** Whether a decision was made after another, or where there is none; an undated one is the earliest. */
const later = (one, other) => !other || (one.when ?? "") > (other.when ?? "");

const equal = (one, other) => same(one, other) && one?.when === other?.when;

const pause = (time) => new Promise((done) => setTimeout(done, time));
