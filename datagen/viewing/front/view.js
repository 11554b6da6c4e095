// The page: views, filters, the grid, the panel, keys, and the address that keeps them.
import { byId, counted, el, say, write } from "./dom.js";
import { Keymap } from "./keys.js";
import { ThumbnailGrid } from "./grid.js";
import { Filters } from "./filters.js";
import { BY_NAME, DATA, ITEMS, facetsOf, isWrong, nearestOf, partName } from "./items.js";
import { Panel, isSmall, nameOf } from "./panel.js";
import { Overview } from "./overview.js";

const state = { mode: "images", score: 0, image: null };
const phone = matchMedia("(max-width: 760px)");
const KINDS = { "same picture": 0, "near-duplicate": 1, alike: 2 };

const MODES = {
  overview: { name: "Overview", key: "o" },
  images: { name: "Images", key: "i", items: () => ITEMS.filter((item) => item.own) },
  mistakes: { name: "Mistakes", key: "m", items: mistakes },
  alike: { name: "Look-alikes", key: "l", items: lookAlikes },
};

function mistakes() {
  const said = (item) => item.said[state.score];
  return ITEMS.filter((item) => isWrong(item, state.score))
    .sort((a, b) => said(b)[2] - said(a)[2] || said(b)[1] - said(a)[1]);
}

function lookAlikes() {
  const found = ITEMS.filter((item) => item.own || Object.keys(item.said).length).map((item) => [item, nearestOf(item)]);
  const learnt = ({ part }) => Number(part === "train" || part === ""); // val and test come first
  const seen = new Set(); // of two that are most like each other, one is enough
  return found.filter(([, near]) => near !== null)
    .sort(([one, a], [two, b]) => KINDS[a[2]] - KINDS[b[2]] || b[1] - a[1] || learnt(one) - learnt(two))
    .filter(([item, near]) => {
      const pair = [item.index, near[0].index].sort((a, b) => a - b).join();
      return !seen.has(pair) && seen.add(pair);
    })
    .map(([item]) => item);
}

const available = Object.keys(MODES).filter(
  (mode) =>
    (mode !== "mistakes" || DATA.scores.some(({ wrong }) => wrong)) &&
    (mode !== "alike" || ITEMS.some((item) => nearestOf(item) !== null)),
);

// ---- the parts of the page

const panel = new Panel(byId("panel"), reveal, walk, (words) => { filters.clear(); search(words); });
const grid = new ThumbnailGrid(byId("grid"), {
  label: "Images",
  side: phone.matches ? 76 : 96,
  captionHeight: 18,
  picture: (item) => item.thumb ?? "data:,",
  name: (item) => `${nameOf(item)}${remark(item) ? `, ${remark(item)}` : ""}`,
  dress,
  choose: () => open(),
  moved: () => follow(),
});
const filters = new Filters(byId("filters"), facetsOf(state), () => apply());
filters.search.placeholder = "file, letter, writer";
write(filters.search.previousElementSibling, "search");
filters.search.setAttribute("aria-label", "file, letter, writer or parent");
const overview = new Overview(byId("overview"), (chosen) => {
  for (const facet of filters.facets) facet.chosen = "";
  for (const [name, value] of Object.entries(chosen))
    if (value !== "") filters.facets.find((facet) => facet.name === name).chosen = String(value);
  show("images");
});
let items = [];

/** What the view says of an image, below its picture and to screen readers. */
function remark(item) {
  const said = item.said[state.score];
  if (state.mode === "mistakes") return `${item.class} → ${said[0]} ${said[1].toFixed(2)}`;
  if (state.mode === "alike") {
    const [other, likeness, kind] = nearestOf(item);
    const sign = kind === "same picture" ? "=" : "~";
    return `${item.class} ${sign} ${other.class}${kind === "alike" ? ` ${likeness.toFixed(2)}` : ""}`;
  }
  return "";
}

function dress(cell, item) {
  const image = cell.querySelector("img");
  if (!item.thumb) image.classList.add("missing");
  if (isSmall(item)) image.classList.add("squares");
  const caption = cell.querySelector(".caption");
  write(caption, remark(item) || item.class);
  const near = state.mode === "alike" ? nearestOf(item) : null;
  caption.classList.toggle("wrong", near !== null ? near[0].class !== item.class : isWrong(item, state.score) === true && state.mode !== "mistakes");
  cell.title = item.name;
  const known = cell.querySelector(".other");
  if (near === null || !near[0].thumb) known?.remove();
  else if (known === null)
    cell.append(el("img", { class: `other${isSmall(near[0]) ? " squares" : ""}`, src: near[0].thumb, alt: "" }));
}

// ---- what is shown

function show(mode) {
  state.mode = available.includes(mode) ? mode : "images";
  for (const button of byId("modes").children)
    button.setAttribute("aria-current", button.dataset.mode === state.mode ? "page" : "false");
  const table = state.mode === "overview";
  byId("overview").hidden = !table;
  byId("grid").classList.toggle("pairs", state.mode === "alike");
  byId("browse").hidden = byId("panel").hidden = table;
  document.body.classList.toggle("table", table);
  if (table) overview.draw();
  else {
    drawScore();
    apply();
  }
  keepAddress();
}

function apply() {
  if (state.mode === "overview") return;
  const all = MODES[state.mode].items();
  items = filters.kept(all);
  filters.count(all);
  grid.show(items);
  const left = items.length === all.length ? counted(all.length, "image") : `${items.length.toLocaleString("en")} of ${counted(all.length, "image")}`;
  write(byId("count"), `${left}${explained()}`);
  follow();
}

function explained() {
  if (state.mode === "mistakes") {
    const score = DATA.scores[state.score];
    const several = score.seeds > 1;
    const order = several ? "first those that all seeds got wrong, the surest first" : "the surest first";
    return ` wrong${several ? ` in some of ${score.seeds} seeds` : ""}, of ${counted(score.images, "image")} in ${score.name}; ${order}`;
  }
  if (state.mode === "alike") {
    const where = DATA.parts.length > 1 ? "another part" : "the folder";
    return `, each with the one most like it in ${where}, the most alike first; red: they differ in class`;
  }
  return "";
}

function follow() {
  const item = items[grid.current] ?? null;
  state.image = item;
  panel.show(item, grid.current, items.length);
  if (item === null && !items.length) panel.host.replaceChildren(el("p", { class: "soft", text: "No image has all of this." }));
  keepAddress();
}

/** Show an image, if need be by showing all. */
function reveal(item) {
  if (!items.includes(item)) {
    for (const facet of filters.facets) facet.chosen = "";
    filters.words = filters.search.value = "";
    if (state.mode !== "images" || !item.own) show(item.own ? "images" : "alike");
    else apply();
  }
  if (!items.includes(item)) panel.show(item, 0, 0);
  else {
    grid.moveTo(items.indexOf(item));
    follow();
  }
}

function walk(by) {
  grid.moveTo(grid.current + by);
  byId("panel").querySelector(`.arrow:${by < 0 ? "first" : "last"}-child`)?.focus();
}

function open() {
  document.body.classList.add("with-panel");
  follow();
  if (phone.matches) byId("panel").focus();
}

function search(words) {
  filters.search.value = words;
  filters.words = words.toLowerCase();
  if (state.mode === "overview") show("images");
  else apply();
}

function drawScore() {
  byId("score")?.remove();
  if (state.mode !== "mistakes" || !DATA.scores.length) return;
  const field = el("select", { onchange: () => { state.score = Number(field.value); filters.clear(); drawScore(); } },
    ...DATA.scores.map((score, k) => el("option", { value: k, selected: k === state.score, text: `${score.name}: ${score.accuracy.toFixed(4)}, ${score.how}${score.seeds > 1 ? `, ${score.seeds} seeds` : ""}` })));
  const { report } = DATA.scores[state.score];
  byId("filter-box").before(el("div", { id: "score", class: "bar" }, el("label", {}, el("span", { class: "soft", text: "score " }), field), report && el("a", { href: report, text: "its report" })));
}

// ---- the address keeps the view: a link may name it

function keepAddress() {
  const kept = new URLSearchParams({ view: state.mode });
  for (const { name, chosen } of filters.facets) if (chosen !== "") kept.set(name, chosen);
  if (filters.words) kept.set("words", filters.words);
  if (state.image && state.mode !== "overview") kept.set("image", state.image.name);
  history.replaceState(null, "", `#${kept}`);
}

function readAddress() {
  const wanted = new URLSearchParams(location.hash.slice(1));
  for (const facet of filters.facets) facet.chosen = wanted.get(facet.name) ?? "";
  filters.words = filters.search.value = wanted.get("words") ?? "";
  show(wanted.get("view") ?? "overview");
  const image = BY_NAME.get(wanted.get("image"));
  if (image && state.mode !== "overview") reveal(image);
}

// ---- keys, and the first drawing

const browsing = () => state.mode !== "overview";
const keymap = new Keymap([
  { keys: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "PageUp", "PageDown", "Home", "End"], label: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown"], name: "another image", held: true, run: (event) => { grid.focus(); grid.key(event); }, when: browsing },
  { keys: ["n"], name: "the next step of its making", held: true, run: () => panel.turn(1), when: browsing },
  { keys: ["b"], name: "the step before", held: true, run: () => panel.turn(-1), when: browsing },
  { keys: ["s"], name: "show the image most like it", run: () => { const near = state.image && nearestOf(state.image); if (near) reveal(near[0]); else say("Nothing is like it."); }, when: browsing },
  ...available.map((mode) => ({ keys: [MODES[mode].key], name: `view: ${MODES[mode].name}`, run: () => show(mode) })),
  { keys: ["f", "/"], label: ["f"], name: "search", run: () => { byId("filter-box").open = true; filters.search.focus(); }, when: browsing },
  { keys: ["x"], name: "clear the filters", run: () => filters.clear() },
  { keys: ["Escape"], name: "close the panel", run: () => panel.close(), shown: false },
  { keys: ["?"], name: "these keys", run: () => keymap.help() },
]);

function begin() {
  const own = ITEMS.filter((item) => item.own);
  const parts = DATA.parts.filter((part) => own.some((item) => item.part === part));
  const told = parts.length > 1 ? `: ${parts.map((part) => `${own.filter((item) => item.part === part).length.toLocaleString("en")} ${partName(part)}`).join(", ")}` : "";
  write(byId("title"), DATA.name);
  const classes = counted(new Set(own.map((item) => item.class)).size, "class", "classes");
  write(byId("tagline"), `${counted(DATA.total, "image")}${told}; ${classes}`);
  byId("modes").append(...available.map((mode) => el("button", { type: "button", "data-mode": mode, text: MODES[mode].name, onclick: () => show(mode) })));
  byId("help").addEventListener("click", () => keymap.help());
  byId("more").hidden = !DATA.notes.length;
  write(byId("more-title"), counted(DATA.notes.length, "remark"));
  byId("notes").append(el("ul", {}, ...DATA.notes.map((note) => el("li", { text: `${note}.` }))));
  byId("more").open = DATA.notes.length > 0;
  byId("filter-box").open = !phone.matches;
  addEventListener("hashchange", readAddress);
  readAddress();
}

begin();
