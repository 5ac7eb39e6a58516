// The tab that chooses among networks: cross-validation and search share a worker with the larger module.
import { Engine } from "./engine.js";
import { Folds } from "./folds.js";
import { tableName } from "./take.js";
import { t } from "./texts.js";
import { Trials } from "./trials.js";

export class Search {
  #root;
  #open; // Trains a configuration in the first tab.
  #engine = null;
  #owner = null; // The panel that the worker computes for.

  constructor(root, state, open) {
    [this.#root, this.state, this.#open] = [root, state, open];
    this.cv = new Folds(this);
    this.trials = new Trials(this, () => this.#open(this.trials.told.chosen, this.trials.file));
  }

  show() {
    this.#root.replaceChildren(this.cv.build(), this.trials.build());
  }

  has(panel) {
    return panel === this.#owner;
  }

  // Goes on where it was paused, or begins.
  go(panel) {
    if (!this.has(panel) || !panel.told || panel.ended) return this.start(panel);
    panel.running = true;
    this.#engine.call("play", { steps: 1 });
    panel.label();
  }

  pause() {
    this.#owner.running = false;
    this.#owner.label();
    return this.#engine.call("pause");
  }

  async start(panel) {
    const { about, file, device } = this.state;
    const { configuration, choice } = panel.asked(this.state.configuration, about);
    this.#engine ??= this.#listening(new Engine("all"));
    const before = this.#owner;
    if (before) this.pause();
    this.#owner = panel;
    panel.file = file;
    before?.label();
    panel.begin(panel.commandFor(configuration, about, tableName(this.state), choice));
    panel.running = true;
    panel.label();
    const table = configuration.data === "table" ? file : null;
    try {
      const told = await this.#engine.call("openSearch", { kind: panel.kind, configuration, choice, file: table, device });
      if (!this.has(panel)) return;
      panel.device = told.device;
      panel.show(told);
      // It may have been paused meanwhile.
      if (panel.running) this.#engine.call("play", { steps: 1 });
    } catch (error) {
      if (this.has(panel)) this.#failed(error.message);
    }
  }

  #failed(message) {
    const panel = this.#owner;
    panel.running = false;
    this.#owner = null;
    panel.say(t(`error.${message}`).startsWith("error.") ? message : t(`error.${message}`), "fault");
    panel.label();
  }

  #listening(engine) {
    engine.onframe = ({ search }) => {
      const panel = this.#owner;
      // One that comes before the answer to `openSearch` is of what was computed before.
      if (panel?.told) {
        panel.ended = search.over;
        panel.running &&= !search.over;
        panel.show(search);
      }
      engine.drawn();
    };
    engine.onfailed = (message) => this.#owner && this.#failed(message);
    return engine;
  }
}
