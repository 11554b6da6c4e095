// Elements of the page: made in one call, text never taken for HTML.

/**
 * Make an element. `given` holds attributes; a function is a listener ("onclick"), `text` its text,
 * true an attribute without a value; false, null and undefined are left out.
 */
export function el(name, given = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(given)) {
    if (value === false || value === null || value === undefined) continue;
    if (key === "text") made.textContent = value;
    else if (typeof value === "function") made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const byId = (id) => document.getElementById(id);

/** Write text only where it differs: screen readers announce every change of a live region. */
export function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** Say something to everybody: shown for a moment, and read out. */
export function say(text, tone = "") {
  const place = byId("said");
  place.className = `said ${tone}`;
  write(place, text);
  clearTimeout(say.timer);
  say.timer = setTimeout(() => write(place, ""), 6000);
}

export const counted = (count, one, many = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
