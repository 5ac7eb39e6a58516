// The doctor: every kernel of this browser's device against its twin, one after another.
import { Engine } from "./engine.js";
import { make } from "./make.js";
import { short, t } from "./texts.js";

export class Doctor {
  #root;
  #engine = null;
  kernels = [];
  finished = false;

  constructor(root) {
    this.#root = root;
  }

  show() {
    if (this.#root.childElementCount > 0 && this.#root.dataset.language === document.documentElement.lang) return;
    this.#root.dataset.language = document.documentElement.lang;
    const card = make("section", "card");
    const device = make("select");
    device.id = "doctor-device";
    device.add(new Option("WebGPU", "gpu"));
    device.add(new Option("CPU", "cpu"));
    const go = make("button", "button first", t("doctor.go"));
    go.id = "doctor-go";
    const says = make("p", "hint", "");
    says.id = "doctor-says";
    says.setAttribute("role", "status");
    const table = make("table", "kernels");
    table.id = "doctor-table";
    const controls = make("div", "wall-controls");
    controls.append(device, go);
    const words = make("div", "wall-words");
    words.append(make("h2", "", t("doctor")), make("p", "hint", t("doctor.more")));
    card.append(words, controls, says, table);
    card.classList.add("doctor");
    this.#root.replaceChildren(card);
    go.addEventListener("click", () => (this.#engine ? this.#stop() : this.#start(device.value)));
    this.parts = { go, says, table };
  }

  // A worker of its own, which can be ended in the middle of a kernel.
  async #start(device) {
    const { go, says, table } = this.parts;
    [this.kernels, this.finished] = [[], false];
    table.replaceChildren();
    const head = table.insertRow();
    for (const key of ["kernel", "cases", "error", "verdict"]) head.append(make("th", "", t(`doctor.${key}`)));
    go.textContent = t("doctor.stop");
    says.textContent = t("doctor.begins");
    const engine = (this.#engine = new Engine("all"));
    engine.onframe = (frame) => this.#tell(frame);
    engine.onfailed = (message) => (says.textContent = message);
    try {
      await engine.call("doctor", { device });
      this.finished = true;
    } catch (error) {
      says.textContent = error.message === "no-webgpu" ? t("error.no-webgpu") : error.message;
    }
    if (engine === this.#engine) this.#stop();
  }

  #stop() {
    this.#engine?.end();
    this.#engine = null;
    this.parts.go.textContent = t("doctor.go");
  }

  #tell({ device, kernel }) {
    const { says, table } = this.parts;
    if (device) {
      this.device = device;
      return;
    }
    if (kernel.cases !== undefined) {
      const row = table.insertRow();
      for (const text of [kernel.kernel, String(kernel.cases), "", "…"]) row.append(make("td", "", text));
      row.lastChild.className = "running";
      return;
    }
    this.kernels.push(kernel);
    const cells = table.rows[table.rows.length - 1].cells;
    cells[2].textContent = kernel.worst === null ? "–" : t("doctor.share", { share: short(100 * kernel.worst) });
    cells[3].textContent = kernel.failed === 0 ? "✓" : kernel.faults.slice(0, 3).join("; ");
    cells[3].className = kernel.failed === 0 ? "same" : "fault";
    const failed = this.kernels.reduce((sum, own) => sum + own.failed, 0);
    const passed = this.kernels.reduce((sum, own) => sum + own.passed, 0);
    says.textContent = t("doctor.says", { device: this.device, passed, failed });
  }
}
