// A card that computes on folds: its fields, a button that begins, pauses and goes on, how far it is, and the
// command line that does the same.
import { make } from "./make.js";
import { t } from "./texts.js";

export class Panel {
  told = null; // What the worker says last.
  file = null; // What it computes on, where that is a table.
  device = "";
  running = false;
  ended = false;

  // `host` has the worker; `kind` is the module's class, `key` what its texts and elements begin with.
  constructor(host, kind, key) {
    Object.assign(this, { host, kind, key });
  }

  build() {
    const card = make("section", "card panel");
    const words = make("div", "");
    words.append(make("h2", "", t(this.key)), make("p", "hint", t(`${this.key}.more`)));
    const go = this.#button("go", "button first", () => (this.running ? this.host.pause() : this.host.go(this)));
    const anew = this.#button("anew", "button", () => this.host.start(this));
    anew.textContent = t("search.anew");
    const buttons = make("div", "wall-controls");
    buttons.append(go, anew);
    const fields = make("div", "controls row");
    fields.append(...this.fields());
    const track = make("div", "track");
    const done = make("div");
    track.append(done);
    const says = make("p", "hint");
    says.id = `${this.key}-says`;
    says.setAttribute("role", "status");
    const results = make("div", "results");
    results.id = `${this.key}-results`;
    const command = make("pre");
    command.id = `${this.key}-command`;
    command.tabIndex = 0;
    const below = make("div");
    below.append(make("h3", "", t("take.command")), command);
    card.append(words, buttons, fields, track, says, results, below);
    this.parts = { go, anew, done, says, results, command, below };
    if (this.told) this.show(this.told);
    this.label();
    return card;
  }

  // A field of the card, whose value is kept where the card is built anew.
  field(name, element, change) {
    element.id = `${this.key}-${name}`;
    element.addEventListener("change", () => change(element.value));
    const own = make("label", "field");
    own.append(make("span", "", t(`search.${name}`)), element);
    return own;
  }

  select(name, words, value, change) {
    const element = make("select");
    const named = (word) => (Number.isInteger(word) ? String(word) : t(`search.${name}.${word}`));
    for (const word of words) element.add(new Option(named(word), word, false, word === value));
    return this.field(name, element, (own) => change(words.find((word) => String(word) === own)));
  }

  text(name, value, change, type = "text") {
    const element = make("input");
    Object.assign(element, { type, value, spellcheck: false, autocomplete: "off" });
    return this.field(name, element, change);
  }

  // What is computed is another: nothing is known of it yet.
  begin(command) {
    this.parts.command.textContent = this.command = command;
    Object.assign(this, { told: null, ended: false });
    this.parts.results.replaceChildren();
    this.parts.done.style.width = "0";
    this.say(t("search.begins"));
  }

  say(text, kind = "hint") {
    this.parts.says.textContent = text;
    this.parts.says.className = kind;
  }

  show(told) {
    this.told = told;
    this.parts.command.textContent = this.command;
    this.draw(told);
    this.label();
  }

  label() {
    const { go, anew, below } = this.parts;
    const isHalfway = Boolean(this.told) && !this.ended && this.host.has(this);
    go.textContent = t(this.running ? "wall.pause" : isHalfway ? "wall.on" : `${this.key}.go`);
    anew.hidden = !isHalfway && !this.running;
    below.hidden = !this.command;
  }

  #button(name, className, work) {
    const own = make("button", className);
    own.id = `${this.key}-${name}`;
    own.addEventListener("click", work);
    return own;
  }
}
