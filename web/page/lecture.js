// The lecture's two networks: what its program prints, beside what is computed here.
import { t } from "./texts.js";

// Printed by the lecture's PyTorch program, with seed 777: losses by step.
const NETWORKS = [
  {
    name: "2-2-1",
    hidden: [2],
    losses: { 0: 0.7434073, 100: 0.6931651, 200: 0.6931578, 300: 0.6931517, 9800: 0.0012681199,
      9900: 0.0012511102, 10000: 0.0012345188 },
    outputs: [0.00106364, 0.99889404, 0.99889404, 0.00165861],
  },
  {
    name: "2-10-10-10-1",
    hidden: [10, 10, 10],
    losses: { 0: 0.6948984, 100: 0.6931558, 200: 0.6931536, 300: 0.6931514, 9800: 0.00016420979,
      9900: 0.00016027523, 10000: 0.00015648971 },
    outputs: [1.1168801e-4, 9.9982882e-1, 9.9984229e-1, 1.8529482e-4],
  },
];

export class Lecture {
  #root;
  #found = new Map();
  #outputs = [];
  #which = -1;

  constructor({ choice, table }, choose) {
    this.#root = table;
    choice.replaceChildren(...NETWORKS.map((network, which) => {
      const button = document.createElement("button");
      button.className = "button";
      button.textContent = network.name;
      button.addEventListener("click", () => choose(network.hidden));
      button.dataset.which = which;
      return button;
    }));
    this.choice = choice;
  }

  // Which of both networks a configuration is, if it is one.
  begin(configuration) {
    const is = (network) => configuration.data === "xor" && configuration.seed === 777
      && configuration.hidden.join() === network.hidden.join() && configuration.activation === "sigmoid"
      && configuration.optimizer === "sgd" && configuration.lr === 1 && configuration.batch === "full"
      && configuration.steps === 10001 && configuration.momentum === 0 && configuration.dropout === 0
      && configuration.l1 === 0 && configuration.l2 === 0 && configuration.epochs === null;
    this.#which = NETWORKS.findIndex(is);
    this.#found.clear();
    this.#outputs = [];
    for (const button of this.choice.children) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.which) === this.#which));
    }
    this.draw();
  }

  get isOne() {
    return this.#which >= 0;
  }

  add(losses) {
    for (let at = 0; at < losses.length; at += 2) this.#found.set(losses[at], losses[at + 1]);
  }

  set outputs(values) {
    this.#outputs = [...values];
  }

  draw() {
    const network = NETWORKS[this.#which];
    this.#root.replaceChildren();
    if (!network) return;
    const row = (cells, tag = "td") => {
      const own = this.#root.insertRow();
      cells.forEach((text, index) => {
        const cell = document.createElement(tag);
        cell.textContent = text;
        if (index > 0) cell.className = "number";
        own.append(cell);
      });
    };
    row([t("lecture.step"), t("lecture.printed"), t("lecture.ours")], "th");
    for (const [step, printed] of Object.entries(network.losses)) {
      const ours = this.#found.get(Number(step));
      row([t("lecture.loss", { step }), digits(printed), ours === undefined ? "…" : digits(Math.fround(ours))]);
    }
    network.outputs.forEach((printed, index) => {
      const ours = this.#outputs[index];
      const point = `${index >> 1}, ${index & 1}`;
      row([t("lecture.output", { point }), printed.toFixed(8), ours === undefined ? "…" : ours.toFixed(8)]);
    });
  }
}

// A float32 in the digits that tell it from its neighbours.
function digits(number) {
  for (let count = 6; count <= 9; count += 1) {
    const text = number.toPrecision(count);
    if (Math.fround(Number(text)) === Math.fround(number)) return text;
  }
  return String(number);
}
