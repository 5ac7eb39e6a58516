// The page's tabs and its light and dark theme.
import { stored } from "./texts.js";

export function tabs(root, shown = () => {}) {
  const buttons = [...root.querySelectorAll("[role=tab]")];
  const choose = (button) => {
    for (const own of buttons) {
      const chosen = own === button;
      own.setAttribute("aria-selected", String(chosen));
      own.tabIndex = chosen ? 0 : -1;
      document.getElementById(own.getAttribute("aria-controls")).hidden = !chosen;
    }
    shown(button.getAttribute("aria-controls"));
  };
  for (const button of buttons) button.addEventListener("click", () => choose(button));
  root.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    const next = buttons.at((buttons.indexOf(document.activeElement) + by) % buttons.length);
    choose(next);
    next.focus();
    event.preventDefault();
  });
  choose(buttons[0]);
  return (name) => choose(buttons.find((own) => own.getAttribute("aria-controls") === name));
}

// As the system has it, until it is chosen here.
export function themes(button, changed) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const is = (stored.get("theme") ?? (dark.matches ? "dark" : "light")) === "dark";
    document.documentElement.classList.toggle("dark", is);
    button.textContent = is ? "☀" : "☾";
    changed();
  };
  button.addEventListener("click", () => {
    stored.set("theme", document.documentElement.classList.contains("dark") ? "light" : "dark");
    apply();
  });
  dark.addEventListener("change", apply);
  apply();
}
