// The page: which images are listed, which one is looked at, what the keys do.
import { byId, counted, say, write } from "./dom.js";
import { Keymap } from "./keys.js";
import { ThumbnailGrid } from "./grid.js";
import { Filters } from "./filters.js";
import { CLASSES, classOf, drop, keep, likelyReason, relabel, same, stamp, strongest, told, words } from "./decisions.js";
import { BrowserStore, ServerStore } from "./store.js";
import { SuspectView } from "./suspect.js";
import { Offer } from "./offer.js";
import { download, reviewText } from "./yaml.js";

const AHEAD = 3; // pictures fetched before they are looked at
const PACE = 180_000; // ms over which the pace is taken

class ReviewPage {
  constructor(store, all) {
    this.store = store;
    this.all = all;
    this.times = []; // of decisions made here
    this.lastId = null; // what was decided last, here
    this.reasons = [];
    this.ranking = all.ranking;
    this.take(all.items);
    this.view = new SuspectView({
      near: (item) => this.near(item),
      picture: (item, kind) => store.picture(item, kind),
      decision: (item) => this.decision(item),
      open: (item) => this.open(item),
      act: {
        keep: () => this.decide((item) => keep(item)),
        drop: () => this.decide((item) => drop(item, likelyReason(item))),
        skip: () => this.step(1),
        undo: () => this.undo(),
        relabel: (numeral) => this.decide((item) => relabel(item, numeral)),
      },
    });
    this.grid = new ThumbnailGrid(byId("grid"), {
      label: "All listed images; Enter drops or takes back",
      side: 104,
      picture: (item) => store.picture(item, "thumb"),
      name: (item) => `${item.path}, given as ${item.class}, ${told(this.decision(item))}`,
      dress: (cell, item) => this.dress(cell, item),
      choose: (index) => this.toggle(index),
      moved: (index) => { this.current = this.list[index]; },
    });
    this.filters = new Filters(byId("filters"), this.facets(), () => this.relist());
    this.offer = new Offer(all, store, () => this.decidedCount(), () => this.reload());
    this.keys = new Keymap(this.bindings());
    this.listen();
    this.relist();
    this.counts();
    this.offer.hear(all.job, all.ranking);
  }

  take(items) {
    this.items = items;
    this.byId = new Map();
    for (const item of items) {
      if (!this.byId.has(item.id)) this.byId.set(item.id, []);
      this.byId.get(item.id).push(item);
    }
    this.byPath = new Map(items.map((item) => [item.path, item]));
  }

  // ---- what is decided

  decision(item) {
    const one = this.store.decisions.get(item.id);
    return one && one.was === item.class ? one : null;
  }

  decidedCount() {
    return this.items.reduce((sum, item) => sum + (this.decision(item) ? 1 : 0), 0);
  }

  /** Decide the current image, and go on to the next one that is not decided. */
  async decide(make) {
    await this.undoing; // or a quick key would decide the image that is about to be left
    const item = this.current;
    if (!item) return;
    const one = make(item);
    this.save({ [item.id]: one });
    if (this.inGrid) {
      this.grid.moveTo(this.grid.current + 1);
      return;
    }
    this.onward(item);
  }

  save(decisions) {
    write(byId("said"), ""); // what was said of an earlier one
    this.store.decide(decisions);
    const ids = Object.keys(decisions);
    const now = Date.now();
    this.times = [...this.times.filter((time) => now - time < PACE), ...ids.map(() => now)];
    this.lastId = ids[0];
    this.redraw(ids);
    this.offer.decided();
  }

  undo() {
    this.undoing = (this.undoing ?? Promise.resolve()).then(() => this.undoOne());
    return this.undoing;
  }

  async undoOne() {
    let ids, since;
    try {
      ({ ids, since } = await this.store.undo());
    } catch (error) {
      say(error.message, "alarm");
      return;
    }
    const [[stays, one] = []] = Object.entries(since);
    const kept = stays && this.byId.get(stays)?.[0];
    this.redraw(Object.keys(since));
    if (!ids.length) {
      say(kept ? `Not undone: ${kept.path} is ${told(one)}, decided since` : "There is nothing to undo");
      return;
    }
    this.times = this.times.slice(0, -ids.length);
    const [item] = this.byId.get(ids[0]) ?? [];
    this.redraw(ids);
    if (!item) return;
    const what = ids.length > 1 ? counted(ids.length, "image") : item.path;
    say(`Undone: ${what} ${ids.length > 1 ? "are as before" : `is ${told(this.decision(item))}`}`);
    this.open(item, { stay: true });
  }

  /** The look-alikes of an image: {alike, twins}, items. Asked for once, and ahead of time. */
  near(item) {
    item.near ??= this.store.near(item).then(
      ({ alike, twins, file }) => {
        if (alike === null) item.near = undefined; // the server is still looking
        const known = (paths) => (paths ?? []).map((path) => this.byPath.get(path)).filter(Boolean);
        return { alike: known(alike), twins: known(twins), file };
      },
      () => {
        item.near = undefined;
        return { alike: [], twins: [] };
      },
    );
    return item.near;
  }

  /** Let the same writing show the same class, or be dropped too, as an image just decided. */
  async spread() {
    const from = this.decision(this.current) ? this.current : this.byId.get(this.lastId)?.[0];
    const one = from && this.decision(from);
    if (!one) {
      say("Decide an image first; then A decides the same writing alike");
      return;
    }
    const { twins } = await this.near(from);
    const shows = one.verdict === "keep" ? one.was : one.class;
    const alike = (item) => (one.verdict === "drop" ? drop(item, one.reason) : relabel(item, shows));
    const others = twins.filter((item) => !same(this.decision(item), alike(item)));
    if (!others.length) {
      say(twins.length ? "The same writing is decided alike already" : "No other image is the same writing");
      return;
    }
    this.save(Object.fromEntries(others.map((item) => [item.id, alike(item)])));
    say(`${counted(others.length, "image")} of the same writing: ${others.map((item) => told(this.decision(item))).join("; ")}`);
    if (!this.inGrid && this.decision(this.current)) this.onward(this.current);
  }

  setReason(text) {
    const item = this.decision(this.current) ? this.current : this.byId.get(this.lastId)?.[0];
    const one = item && this.decision(item);
    const reason = text.trim();
    if (!one || !reason || reason === one.reason) return;
    this.store.decide({ [item.id]: { ...one, reason } });
    this.reasons = [reason, ...this.reasons.filter((each) => each !== reason)].slice(0, 20);
    this.redraw([item.id]);
    say(`${item.path}: ${told(this.decision(item))}`);
  }

  // ---- which image is looked at

  open(item, { stay = false } = {}) {
    if (!this.list.includes(item)) {
      if (!stay || !this.inGrid) this.list = [...this.list, item];
      this.grid.items = this.list;
    }
    this.current = item;
    if (this.inGrid && !stay) this.mode(false);
    else this.look();
  }

  step(by) {
    if (!this.list.length) return;
    const at = this.list.indexOf(this.current);
    this.current = this.list[Math.min(this.list.length - 1, Math.max(0, at + by))];
    if (at + by >= this.list.length) say("This is the last of the list");
    this.look();
  }

  /** Go on to the next image of the list that is not decided. */
  onward(from) {
    const at = this.list.indexOf(from);
    const open = (item) => !this.decision(item);
    const next = this.list.slice(at + 1).find(open) ?? this.list.slice(0, at).find(open);
    if (next) this.current = next;
    else say("Every image of this list is decided");
    this.look();
  }

  /** Go to an image most like this one that is not decided. */
  async likeThis() {
    if (!this.current) return;
    const { alike, twins } = await this.near(this.current);
    const found = [...twins, ...alike].find((item) => !this.decision(item));
    if (found) this.open(found);
    else say("No image like this one is left to decide");
  }

  look() {
    const item = this.current;
    byId("one").hidden = this.inGrid || !item;
    if (this.inGrid) {
      this.grid.moveTo(this.list.indexOf(item));
      return;
    }
    write(byId("wait"), item ? "" : "No image passes the filters.");
    if (!item) return;
    this.view.show(item, `${this.list.indexOf(item) + 1} of ${this.list.length}`);
    this.progress();
    this.last();
    this.fetchAhead();
  }

  fetchAhead() {
    const at = this.list.indexOf(this.current);
    this.ahead = this.list.slice(at + 1, at + 1 + AHEAD).map((item) => {
      const image = new Image();
      image.src = this.store.picture(item, "large");
      this.near(item);
      return image;
    });
  }

  // ---- the list, its filters, the grid

  facets() {
    const levels = (item) => strongest(item).filter(([, strength]) => strength >= 0.5).map(([name]) => name);
    const state = (item) => this.decision(item)?.verdict ?? "open";
    const decided = { open: "not decided", keep: "kept", drop: "dropped", relabel: "relabelled" };
    return [
      { name: "class", of: (item) => item.class, order: CLASSES },
      { name: "decision", of: state, order: Object.keys(decided), label: (value) => decided[value] },
      { name: "suggestion", of: (item) => item.suggestion, order: ["drop", "relabel", "keep"] },
      { name: "likelier", of: (item) => item.likelier, order: CLASSES },
      { name: "signal", of: levels, label: words },
      { name: "source", of: (item) => item.source },
      { name: "style", of: (item) => (item.style === null || item.style === undefined ? "" : `${item.class} ${item.style}`) },
    ];
  }

  relist() {
    this.list = this.filters.kept(this.items);
    if (!this.list.includes(this.current))
      this.current = this.list.find((item) => !this.decision(item)) ?? this.list[0];
    this.filters.count(this.items);
    this.grid.show(this.list);
    write(byId("listed"), this.filters.active ? `${counted(this.list.length, "image")} of ${this.items.length.toLocaleString("en")}` : `All ${counted(this.items.length, "image")}`);
    this.look();
    this.gridWords();
    this.progress();
  }

  mode(grid) {
    this.inGrid = grid;
    byId("all").hidden = !grid;
    byId("to-one").setAttribute("aria-pressed", String(!grid));
    byId("to-grid").setAttribute("aria-pressed", String(grid));
    write(byId("wait"), "");
    this.look();
    if (grid) {
      this.grid.draw();
      this.grid.moveTo(Math.max(0, this.list.indexOf(this.current)));
      this.grid.focus();
      this.gridWords();
    }
  }

  toggle(index) {
    const item = this.list[index];
    const one = this.decision(item);
    this.save({ [item.id]: one ? null : drop(item, likelyReason(item)) });
  }

  gridWords() {
    const open = this.list.filter((item) => !this.decision(item)).length;
    write(byId("grid-said"), "Click what does not belong, or use the keys.");
    byId("keep-rest").disabled = open === 0;
    write(byId("keep-rest"), `Keep the other ${open.toLocaleString("en")}`);
  }

  keepRest() {
    const open = this.list.filter((item) => !this.decision(item));
    if (!open.length) return;
    this.save(Object.fromEntries(open.map((item) => [item.id, keep(item)])));
    say(`${counted(open.length, "image")} kept; U takes that back`);
  }

  dress(cell, item) {
    const one = this.decision(item);
    cell.dataset.verdict = one?.verdict ?? "";
    write(cell.querySelector(".caption"), stamp(one) || (item.likelier && item.likelier !== item.class ? `${item.class}, like ${item.likelier}` : item.class));
  }

  // ---- what is shown after a change

  redraw(ids) {
    for (const id of ids)
      for (const item of this.byId.get(id) ?? []) {
        const index = this.inGrid ? this.list.indexOf(item) : -1;
        if (index >= 0) this.grid.refresh(index);
      }
    if (!this.inGrid && this.current) this.view.show(this.current, "");
    this.progress();
    this.last();
    this.gridWords();
    this.counts();
  }

  /** Count what the filters leave, but not at every key. */
  counts() {
    clearTimeout(this.counting);
    this.counting = setTimeout(() => this.filters.count(this.items), 500);
  }

  progress() {
    const counts = { keep: 0, drop: 0, relabel: 0 };
    for (const item of this.items) {
      const one = this.decision(item);
      if (one) counts[one.verdict] += 1;
    }
    const done = counts.keep + counts.drop + counts.relabel;
    byId("bar").max = Math.max(1, this.items.length);
    byId("bar").value = done;
    const now = Date.now();
    const recent = this.times.filter((time) => now - time < PACE);
    const minutes = recent.length > 4 ? Math.max(5000, now - recent[0]) / 60_000 : 0;
    const pace = minutes ? ` · ${Math.round(recent.length / minutes)} a minute` : "";
    const at = this.list.indexOf(this.current) + 1;
    const place = this.inGrid || !at ? "" : `image ${at.toLocaleString("en")} of ${this.list.length.toLocaleString("en")} · `;
    write(byId("progress"), `${place}${done.toLocaleString("en")} decided: ${counts.keep} kept, ${counts.drop} dropped, ${counts.relabel} relabelled${pace}`);
  }

  last() {
    const item = this.current && this.decision(this.current) ? this.current : this.byId.get(this.lastId)?.[0];
    const one = item && this.decision(item);
    byId("last").classList.toggle("empty", !one || one.verdict === "keep");
    if (this.noReason) return;
    write(byId("last-said"), `${item === this.current ? "This one" : "The last one"}: ${told({ ...one, who: null })}`);
    if (document.activeElement !== byId("reason")) byId("reason").value = one.reason;
    const names = new Set([...this.reasons, "scribble", "not a numeral", "blank", "cut off", "two numerals", "illegible"]);
    byId("reasons").replaceChildren(...[...names].map((name) => new Option(name)));
  }

  /** Show what came from another tab or another program. */
  changed(ids) {
    this.redraw(ids);
    const [item] = this.byId.get(ids[0]) ?? [];
    if (!item) return;
    say(ids.length > 1 ? `${counted(ids.length, "decision")} came from elsewhere` : `Decided elsewhere: ${item.path} is ${told(this.decision(item))}`);
  }

  refused(ids, message) {
    this.redraw(ids);
    say(`Not saved, and taken back: ${counted(ids.length, "decision")}; ${message}`, "alarm");
  }

  overruled(decisions) {
    const [id, one] = Object.entries(decisions)[0];
    const [item] = this.byId.get(id) ?? [];
    if (item) say(`${item.path} was ${told(one)} elsewhere; yours counts: ${told(this.decision(item))}`, "alarm");
  }

  async reload() {
    const all = await this.store.load();
    const id = this.current?.id;
    this.all = all;
    this.take(all.items);
    this.current = this.items.find((item) => item.id === id && !this.decision(item));
    this.relist();
    say("The images are in the new order");
  }

  // ---- keys and buttons

  bindings() {
    const one = () => !this.inGrid;
    return [
      { keys: ["k"], name: "keep: the label is right", run: () => this.decide(keep) },
      { keys: ["d", "Delete"], name: "drop: leave the image out", run: () => this.decide((item) => drop(item, likelyReason(item))) },
      { keys: [..."1234567890"], label: ["1", "… 9", "0"], name: "it shows i … ix, x", run: (_, key) => this.decide((item) => relabel(item, classOf(key))) },
      { keys: ["Enter"], name: "do what is suggested; in the grid: drop, or take back", run: () => this.accept(), when: one },
      { keys: ["u", "Backspace"], name: "undo, again and again", run: () => this.undo() },
      { keys: ["s", "ArrowRight"], name: "skip: on to the next image", held: true, run: () => this.step(1), when: one },
      { keys: ["ArrowLeft"], name: "back to the image before", held: true, run: () => this.step(-1), when: one },
      { keys: ["n"], name: "next image that is not decided", run: () => this.onward(this.current), when: one },
      { keys: ["m"], name: "next image like this one", run: () => this.likeThis(), when: one },
      { keys: ["a"], name: "decide the same writing alike: near-duplicates", run: () => this.spread() },
      { keys: ["r"], name: "write the reason; Enter ends it", run: () => this.noReason || byId("reason").focus(), when: one },
      { keys: ["z"], name: "zoom", run: () => this.zoom(), when: one },
      { keys: ["g"], name: "grid, or one by one", run: () => this.mode(!this.inGrid) },
      { keys: ["Escape"], name: "out of zoom, grid or field", run: () => this.escape() },
      { keys: ["?"], name: "this list", run: () => this.keys.help() },
    ];
  }

  accept() {
    const item = this.current;
    if (!item?.suggestion) return;
    if (item.suggestion === "relabel" && item.likelier) this.decide((each) => relabel(each, each.likelier));
    else if (item.suggestion === "drop") this.decide((each) => drop(each, likelyReason(each)));
    else this.decide(keep);
  }

  get noReason() {
    return byId("last").classList.contains("empty");
  }

  zoom(on = !document.body.classList.contains("zoomed")) {
    document.body.classList.toggle("zoomed", on);
    byId("large").style.transformOrigin = "";
    byId("stage").setAttribute("aria-pressed", String(on));
  }

  escape() {
    if (document.body.classList.contains("zoomed")) this.zoom(false);
    else if (this.inGrid) this.mode(false);
  }

  listen() {
    byId("to-one").onclick = () => this.mode(false);
    byId("to-grid").onclick = () => this.mode(true);
    byId("help").onclick = () => this.keys.help();
    byId("stage").onclick = () => this.zoom();
    byId("stage").onpointermove = ({ offsetX, offsetY, currentTarget: { clientWidth, clientHeight } }) => {
      if (!document.body.classList.contains("zoomed")) return;
      byId("large").style.transformOrigin = `${(100 * offsetX) / clientWidth}% ${(100 * offsetY) / clientHeight}%`;
    };
    byId("keep-rest").onclick = () => this.keepRest();
    byId("reason").onchange = (event) => this.setReason(event.target.value);
    byId("reason").onkeydown = (event) => event.key === "Enter" && event.target.blur();
    byId("download").onclick = () => this.download();
    document.addEventListener("visibilitychange", () => document.hidden || this.store.look?.());
    addEventListener("beforeunload", (event) => this.store.waiting?.length && event.preventDefault());
    if (matchMedia("(max-width: 700px)").matches) byId("sieve").open = false;
  }

  get file() {
    return this.all.file.split(/[\\/]/).pop();
  }

  /** The decisions as a review file. */
  text() {
    const name = this.file.replace(/\.ya?ml$/, "") || "review";
    return reviewText(name, this.all.about, this.store.decisions);
  }

  download() {
    download(this.file, this.text());
  }
}

async function begin() {
  let page = null;
  const listeners = {
    changed: (ids) => page?.changed(ids),
    overruled: (decisions) => page?.overruled(decisions),
    refused: (ids, message) => page?.refused(ids, message),
    news: ({ job, ranking }) => page?.offer.hear(job, ranking),
    status: (text, alarm = false) => {
      write(byId("saved"), text);
      byId("saved").classList.toggle("alarm", alarm);
      byId("download").hidden = !alarm && !alone;
    },
  };
  const given = byId("data");
  const alone = given !== null;
  const store = alone ? new BrowserStore(JSON.parse(given.textContent), listeners) : new ServerStore(listeners);
  if (!alone && location.search) history.replaceState(null, "", location.pathname); // a cookie has the token
  try {
    const all = await store.load();
    document.title = `Review ${all.title}`;
    write(byId("title"), `Review ${all.title}`);
    byId("title").title = all.file;
    byId("download").hidden = !alone;
    page = new ReviewPage(store, all);
    globalThis.reviewPage = page; // for tests, and for who is curious
  } catch (error) {
    write(byId("wait"), error.message);
    throw error;
  }
}

begin();
