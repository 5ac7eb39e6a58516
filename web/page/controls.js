// The controls: fields that read and write one configuration.
import { css, ofClass, ofNumber, paper } from "./colours.js";
import { short, t } from "./texts.js";

const ACTIVATIONS = ["sigmoid", "tanh", "relu", "leaky-relu", "elu", "gelu", "silu", "softplus"];
const RATES = [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10];
const PENALTIES = [0, 0.00001, 0.0001, 0.001, 0.01, 0.1];
const LOSSES = { regression: ["auto", "mse", "mae"], binary: ["auto", "bce", "mse", "mae", "focal"],
  multiclass: ["auto", "cross-entropy", "focal"] };

export const SAMPLES = ["xor", "circles", "moons", "spiral", "gaussians", "board", "hills"];

// What trains a sample well to begin with.
export const RECIPES = {
  xor: { hidden: [2], activation: "sigmoid", optimizer: "sgd", lr: 1, batch: "full", steps: 10001 },
  circles: { hidden: [4], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "32", steps: 4000 },
  moons: { hidden: [6, 4], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "32", steps: 4000 },
  spiral: { hidden: [8, 8, 6], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "32", steps: 10000 },
  gaussians: { hidden: [4], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "32", steps: 3000 },
  board: { hidden: [8, 8, 8], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "64", steps: 12000 },
  hills: { hidden: [8, 8], activation: "tanh", optimizer: "adam", lr: 0.01, batch: "32", steps: 6000 },
};

function field(label, element, output) {
  const own = document.createElement("label");
  own.className = "field";
  const name = document.createElement("span");
  name.append(t(label));
  if (output) name.append(output);
  own.append(name, element);
  return own;
}

function choice(key, words, configuration, changed, named = (word) => word) {
  const select = document.createElement("select");
  select.id = `set-${key}`;
  const own = String(configuration[key]);
  for (const word of words.map(String).includes(own) ? words : [...words, configuration[key]]) {
    select.add(new Option(named(word), String(word), false, String(word) === own));
  }
  select.addEventListener("change", () => {
    const word = words.find((one) => String(one) === select.value);
    changed({ [key]: word ?? configuration[key] });
  });
  return field(`set.${key}`, select);
}

function slider(key, { min, max, step, show = short }, configuration, changed) {
  const input = document.createElement("input");
  Object.assign(input, { type: "range", min, max, step, value: configuration[key], id: `set-${key}` });
  // The label belongs to its first field, which is the output.
  input.setAttribute("aria-label", t(`set.${key}`));
  const output = document.createElement("output");
  output.textContent = show(configuration[key]);
  input.addEventListener("input", () => (output.textContent = show(Number(input.value))));
  input.addEventListener("change", () => changed({ [key]: Number(input.value) }));
  return field(`set.${key}`, input, output);
}

function whole(key, configuration, changed, least = 0) {
  const input = document.createElement("input");
  Object.assign(input, { type: "number", min: least, step: 1, value: configuration[key], id: `set-${key}` });
  input.addEventListener("change", () => {
    const value = Math.max(least, Math.round(Number(input.value)));
    if (Number.isFinite(value)) changed({ [key]: value });
  });
  return field(`set.${key}`, input);
}

// How the network is trained.
export function settings(root, configuration, about, changed) {
  const percent = (share) => `${Math.round(100 * share)} %`;
  const batches = ["1", "8", "16", "32", "64", "128", "256", "full"];
  const named = (word) => (word === "full" || word === "auto" ? t(`word.${word}`) : word);
  const parts = [
    choice("activation", ACTIVATIONS, configuration, changed),
    choice("loss", LOSSES[about.task] ?? LOSSES.binary, configuration, changed, named),
    // AdamW is Adam with a decay: it begins with PyTorch's.
    choice("optimizer", ["sgd", "adam", "adamw"], configuration,
      ({ optimizer }) => changed({ optimizer, weight_decay: optimizer === "adamw" ? 0.01 : 0 }), (word) => t(`optimizer.${word}`)),
    choice("lr", RATES, configuration, changed),
  ];
  if (configuration.optimizer === "sgd") {
    parts.push(choice("momentum", [0, 0.5, 0.9, 0.99], configuration, changed));
  }
  parts.push(
    choice("batch", batches, configuration, changed, named),
    slider("dropout", { min: 0, max: 0.8, step: 0.05, show: percent }, configuration, changed),
    choice("l1", PENALTIES, configuration, changed),
    choice("l2", PENALTIES, configuration, changed),
    choice("weight_decay", PENALTIES, configuration, changed),
    choice("layer_norm", [false, true], configuration, changed, (word) => t(`word.${word}`)),
    whole("seed", configuration, changed),
    whole(configuration.epochs === null ? "steps" : "epochs", configuration, changed, 1),
    device(configuration, about, changed),
  );
  root.replaceChildren(...parts);
}

function device(configuration, about, changed) {
  const select = document.createElement("select");
  select.id = "set-device";
  select.add(new Option("CPU", "cpu", false, !about.gpu));
  select.add(new Option("WebGPU", "gpu", false, about.gpu));
  select.addEventListener("change", () => changed({}, { device: select.value }));
  return field("set.device", select);
}

// How many points are drawn, and how far they stray.
export function dataControls(root, configuration, changed) {
  if (configuration.data === "xor" || configuration.data === "table") {
    root.replaceChildren();
    return;
  }
  const percent = (share) => `${Math.round(100 * share)} %`;
  const again = document.createElement("button");
  again.className = "button";
  again.textContent = t("draw.again");
  again.addEventListener("click", () => changed({ draw: configuration.draw + 1 }));
  root.replaceChildren(
    slider("noise", { min: 0, max: 0.5, step: 0.01, show: percent }, configuration, changed),
    slider("points", { min: 50, max: 2000, step: 50, show: String }, configuration, changed),
    slider("validation", { min: 0, max: 0.5, step: 0.05, show: percent }, configuration, changed),
    again,
  );
}

// The samples as little pictures.
export function samples(root, configuration, choose) {
  root.replaceChildren(...SAMPLES.map((name) => {
    const own = document.createElement("button");
    own.className = "sample";
    own.dataset.sample = name;
    own.setAttribute("role", "radio");
    own.setAttribute("aria-checked", String(configuration.data === name));
    const label = document.createElement("span");
    label.textContent = t(`data.${name}`);
    const canvas = document.createElement("canvas");
    own.append(canvas, label);
    own.addEventListener("click", () => choose(name));
    thumbnail(canvas, name);
    return own;
  }));
}

// Not the rows themselves, but what they look like.
function thumbnail(canvas, name) {
  canvas.width = canvas.height = 96;
  const context = canvas.getContext("2d");
  const ground = paper();
  context.fillStyle = css(ground.ink, 0.045);
  context.fillRect(0, 0, 96, 96);
  const dot = (x, y, colour, size = 3.4) => {
    context.beginPath();
    context.arc(48 + 38 * x, 48 - 38 * y, size, 0, 7);
    context.fillStyle = css(colour);
    context.fill();
  };
  if (name === "xor") {
    for (const [x, y] of [[0, 0], [1, 1], [0, 1], [1, 0]]) dot(1.3 * x - 0.65, 1.3 * y - 0.65, ofClass(Number(x !== y)), 9);
    return;
  }
  if (name === "board" || name === "hills") {
    for (let number = 0; number < 64; number += 1) {
      const [x, y] = [((number % 8) - 3.5) / 4, ((number >> 3) - 3.5) / 4];
      const height = (Math.sin(3 * x) * Math.cos(2.5 * y) + 0.5 * x * y + 1.2) / 2.4;
      const square = ((number >> 1) + (number >> 4)) % 2;
      dot(x, y, name === "board" ? ofClass(square) : ofNumber(height), 4.2);
    }
    return;
  }
  for (let number = 0; number < 60; number += 1) {
    const [a, b] = [(number * 0.618034) % 1, (number * 0.754878) % 1];
    const side = number % 2;
    const share = number / 60;
    const turn = 2 * Math.PI * a;
    if (name === "circles") {
      const radius = side ? 0.45 * Math.sqrt(b) : 0.78 + 0.16 * b;
      dot(radius * Math.cos(turn), radius * Math.sin(turn), ofClass(side));
    } else if (name === "moons") {
      const angle = Math.PI * a;
      const [x, y] = side ? [0.5 - Math.cos(angle), 0.25 - Math.sin(angle)] : [Math.cos(angle) - 0.5, Math.sin(angle) - 0.25];
      dot(0.62 * x, 0.7 * y, ofClass(side));
    } else if (name === "spiral") {
      const [angle, radius] = [3.5 * Math.PI * Math.sqrt(share) + Math.PI * side, 0.06 + 0.9 * Math.sqrt(share)];
      dot(radius * Math.cos(angle), radius * Math.sin(angle), ofClass(side));
    } else if (name === "gaussians") {
      const angle = (2 * Math.PI * (number % 3)) / 3 + Math.PI / 2;
      const radius = 0.34 * Math.sqrt(b);
      dot(0.55 * Math.cos(angle) + radius * Math.cos(turn), 0.55 * Math.sin(angle) + radius * Math.sin(turn), ofClass(number % 3));
    }
  }
}
