// What can be taken along: the model, the commands that train it again, the page of results, a link.
import { commandLine, python } from "./commands.js";
import { fragment } from "./link.js";
import { make } from "./make.js";
import { report } from "./report.js";
import { t } from "./texts.js";

export function download(name, content, type) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([content], { type }));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

// The name of the table that the commands read.
export function tableName({ configuration, file }) {
  return configuration.data === "table" ? file.name : `${configuration.data}.csv`;
}

export class Take {
  #root;
  #state;
  #engine;

  constructor(root, state, engine) {
    [this.#root, this.#state, this.#engine] = [root, state, engine];
  }

  show() {
    const { configuration, about, file } = this.#state;
    if (!about) return;
    const table = tableName({ configuration, file });
    const files = this.#card("take.model", "take.model.more");
    const buttons = make("div", "choice");
    buttons.append(
      this.#button("take.safetensors", "take-safetensors", async () =>
        download("model.safetensors", await this.#engine.call("model", { format: "safetensors" }), "application/octet-stream")),
      this.#button("take.onnx", "take-onnx", async () =>
        download("model.onnx", await this.#engine.call("model", { format: "onnx" }), "application/octet-stream")),
      this.#button("take.report", "take-report", async () => download("report.html", await report(this.#state, table), "text/html")),
    );
    if (configuration.data === "table") {
      buttons.append(this.#button("take.predictions", "take-predictions", async () =>
        download("predictions.csv", await this.#engine.call("predict", { file }), "text/csv")));
    }
    if (!["xor", "table"].includes(configuration.data)) {
      buttons.append(this.#button("take.table", "take-table", async () =>
        download(table, await this.#engine.call("table"), "text/csv")));
    }
    files.append(buttons);

    const command = this.#card("take.command", "take.command.more");
    command.append(this.#text(commandLine(configuration, about, table), "take-command"));
    const script = this.#card("take.python", "take.python.more");
    script.append(this.#text(python(configuration, about, table), "take-python"));
    const link = this.#card("take.link", configuration.data === "table" ? "take.link.table" : "take.link.more");
    const place = location.href.split("#")[0];
    link.append(this.#text(`${place}#${fragment(configuration)}`, "take-link"));
    this.#root.replaceChildren(files, link, command, script);
  }

  #card(title, more) {
    const card = make("section", "card");
    card.append(make("h2", "", t(title)), make("p", "hint", t(more)));
    return card;
  }

  #button(key, id, work) {
    const own = make("button", "button", t(key));
    own.id = id;
    own.addEventListener("click", async () => {
      try {
        await work();
      } catch (error) {
        own.after(make("p", "hint", error.message));
      }
    });
    return own;
  }

  // A text with a button that copies it.
  #text(text, id) {
    const box = make("div", "copied");
    const own = make("pre", "", text);
    own.id = id;
    own.tabIndex = 0;
    const copy = make("button", "button", t("take.copy"));
    copy.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(text);
        copy.textContent = t("take.copied");
      } catch {
        getSelection().selectAllChildren(own);
      }
    });
    box.append(own, copy);
    return box;
  }
}
