// The page's words: one file a language, put where an element names them.

const LANGUAGES = ["en", "ko"];
let words = {};

export const stored = {
  // A browser may deny it: then nothing is remembered.
  get(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  },
  set(name, value) {
    try { localStorage.setItem(name, value); } catch { /* nothing is remembered */ }
  },
};

export function preferred() {
  const wanted = [stored.get("language"), ...navigator.languages.map((own) => own.slice(0, 2))];
  return wanted.find((own) => LANGUAGES.includes(own)) ?? "en";
}

export async function speak(language) {
  words = await (await fetch(`texts/${language}.json`)).json();
  document.documentElement.lang = language;
  stored.set("language", language);
  for (const element of document.querySelectorAll("[data-t]")) element.textContent = t(element.dataset.t);
  for (const element of document.querySelectorAll("[data-title]")) {
    element.title = t(element.dataset.title);
    element.setAttribute("aria-label", element.title);
  }
}

// A text by its key, with {names} filled in.
export function t(key, values = {}) {
  const text = words[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export const whole = (number) => Math.round(number).toLocaleString("en-US");

// Digits that matter, and no more.
export function short(number) {
  if (!Number.isFinite(number)) return "–";
  const size = Math.abs(number);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return number.toExponential(2);
  return String(Number(number.toPrecision(4)));
}

// A score, as the command line prints it.
export const score = (number) => (Number.isFinite(number) ? number.toFixed(4) : "–");

export function rate(number) {
  if (number >= 1e6) return `${(number / 1e6).toFixed(1)} M`;
  if (number >= 1e4) return `${Math.round(number / 1e3)} k`;
  return whole(number);
}
