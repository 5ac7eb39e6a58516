// Cross-validation: a network for each fold, scored on the rows that it has not seen.
import { crossValidation } from "./commands.js";
import { make } from "./make.js";
import { Panel } from "./panel.js";
import { score, t, whole } from "./texts.js";

export const FOLDS = [2, 3, 5, 10, 20];

// A number of epochs, or none where nothing is typed.
export const patient = (text) => (text.trim() === "" ? null : Math.max(1, Math.round(Number(text)) || 1));

export class Folds extends Panel {
  folds = 5;
  patience = "";

  constructor(host) {
    super(host, "CrossValidation", "cv");
  }

  fields() {
    return [
      this.select("folds", FOLDS, this.folds, (value) => (this.folds = value)),
      this.text("patience", this.patience, (value) => (this.patience = value), "number"),
    ];
  }

  // What is asked of the worker: the page's configuration, and how the rows are dealt out.
  asked(configuration) {
    return { configuration, choice: { folds: this.folds, patience: patient(this.patience) } };
  }

  commandFor(configuration, about, table, choice) {
    return crossValidation(configuration, about, table, choice);
  }

  draw({ metric, scores, rows, mean, standardError, done, of }) {
    const { done: bar, results } = this.parts;
    bar.style.width = `${(100 * done) / of}%`;
    const name = t(`score.${metric}`);
    const values = { metric: name, mean: score(mean), error: score(standardError), done: scores.length, of, device: this.device };
    this.say(t(scores.length < 2 ? "cv.says.first" : this.ended ? "cv.says.all" : "cv.says", values));
    const table = make("table", "leaders");
    const head = table.insertRow();
    for (const text of [t("cv.fold"), t("cv.rows"), name]) head.append(make("th", "number", text));
    rows.forEach((count, fold) => {
      const row = table.insertRow();
      const own = fold < scores.length ? score(scores[fold]) : "…";
      for (const text of [fold + 1, whole(count), own]) row.append(make("td", "number", String(text)));
    });
    results.replaceChildren(table);
  }
}
