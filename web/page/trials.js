// A search: points of a space, each trained on all folds, the best first.
import { sweep } from "./commands.js";
import { FOLDS, patient } from "./folds.js";
import { make } from "./make.js";
import { Panel } from "./panel.js";
import { score, short, t, whole } from "./texts.js";

const SHOWN = 12;

export class Trials extends Panel {
  #take; // Puts what is best into the page.
  #batch = 0; // Trials that are trained together.
  #typed = {}; // What was typed in place of the space that the library proposes.
  folds = 5;
  trials = "30";
  sampler = "auto";
  pruning = "auto";
  patience = "";

  constructor(host, take) {
    super(host, "Search", "search");
    this.#take = take;
  }

  get #space() {
    return this.host.state.about.space.map(([name, text]) => [name, this.#typed[name] ?? text]);
  }

  fields() {
    return [
      ...this.#space.map(([name, text]) => this.text(name, text, (value) => (this.#typed[name] = value))),
      this.text("trials", this.trials, (value) => (this.trials = value), "number"),
      this.select("sampler", ["auto", "grid", "random", "sobol", "tpe"], this.sampler, (value) => (this.sampler = value)),
      this.select("pruning", ["auto", "on", "off"], this.pruning, (value) => (this.pruning = value)),
      this.select("folds", FOLDS, this.folds, (value) => (this.folds = value)),
      this.text("patience", this.patience, (value) => (this.patience = value), "number"),
    ];
  }

  // What is asked of the worker. How many epochs are best is decided after each, so that a length in steps
  // becomes one in epochs; and Adam's decay must not depend on the learning rate, as AdamW's does not.
  asked(own, { stepsPerEpoch }) {
    const configuration = {
      ...own,
      epochs: own.epochs ?? Math.max(1, Math.round(own.steps / stepsPerEpoch)),
      optimizer: own.optimizer === "adam" ? "adamw" : own.optimizer,
    };
    // A field that is empty leaves the setting to the first tab.
    const space = this.#space.filter(([, text]) => text.trim() !== "");
    const trials = Math.max(0, Math.round(Number(this.trials)) || 0);
    const { sampler, pruning, folds } = this;
    return { configuration, choice: { space, folds, patience: patient(this.patience), trials, sampler, pruning } };
  }

  commandFor(configuration, about, table, choice) {
    return sweep(configuration, about, table, choice);
  }

  draw({ metric, begun, trials, best, refused, due, problem }) {
    const { done: bar, results } = this.parts;
    bar.style.width = `${100 * (this.ended ? 1 : Math.min(this.#done(trials, begun, due) / begun.trials, 1))}%`;
    const values = { trials: whole(trials), of: whole(begun.trials), sampler: begun.sampler, device: this.device };
    const lines = [t("search.says", values)];
    if (due.networks > 0 && !this.ended) {
      const stage = due.rung === null ? t("search.end") : t("search.rung", { rung: due.rung + 1 });
      lines.push(t("search.due", { trials: due.trials, networks: due.networks, done: Math.floor(due.done), stage }));
    }
    if (refused.length > 0) lines.push(t("search.refused", { count: refused.length, why: refused.at(-1) }));
    this.say(problem ?? lines.join(" "), problem ? "fault" : "hint");
    results.replaceChildren(...(best.length > 0 ? [this.#leaders(metric, begun.names, best), this.#button()] : []));
  }

  // Trials that are done, those on their way in part. Of a batch that is halved each stage takes about as long.
  #done(trials, { pruned }, { trials: count, rung, networks, done }) {
    if (!pruned || rung === 0) this.#batch = count;
    const share = networks > 0 ? done / networks : 0;
    return trials + this.#batch * (pruned ? ((rung ?? 2) + share) / 3 : share);
  }

  #leaders(metric, names, best) {
    const table = make("table", "leaders");
    const head = table.insertRow();
    for (const text of ["", t(`score.${metric}`), ...names.map((name) => t(`search.${name}`)), t("set.epochs")]) {
      head.append(make("th", "", text));
    }
    best.slice(0, SHOWN).forEach(({ score: mean, standardError, parameters, epochs }, place) => {
      const row = table.insertRow();
      if (place === 0) row.className = "best";
      const values = names.map((name) => parameters[name]);
      const shown = values.map((value) => (typeof value === "number" ? short(value) : value));
      for (const text of [place + 1, `${score(mean)} ± ${score(standardError)}`, ...shown, whole(epochs)]) {
        row.append(make("td", "", String(text)));
      }
    });
    const box = make("div", "wide");
    box.tabIndex = 0;
    box.append(table);
    return box;
  }

  #button() {
    const own = make("button", "button", t("search.take"));
    own.id = "search-take";
    own.addEventListener("click", () => this.#take());
    return own;
  }
}
