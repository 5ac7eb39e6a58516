// The network: a picture for each neuron, a line for each weight.
import { css, neuronTable, ofClass, paper } from "./colours.js";
import { short, t } from "./texts.js";

const SHOWN = 10; // Units of a layer that are drawn, at most.
const TOP = 44;
const SVG = "http://www.w3.org/2000/svg";

// Which units of a layer are drawn: the first ones.
const drawn = (width) => Math.min(width, SHOWN);

export class Diagram {
  #root;
  #widths = [];
  #layers = []; // Of each layer the elements of its units.
  #edges = []; // { path, at } with `at` the weight's place among all parameters.
  #places = { weights: [], biases: [] };
  #weights = new Float32Array();
  #say;
  #change;

  // `say` shows a line of text, `change` is told of a hidden layer's new number of units.
  constructor(root, { say, change }) {
    this.#root = root;
    this.#say = say;
    this.#change = change;
    new ResizeObserver(() => this.#place()).observe(root);
  }

  // Lays out a network with these widths.
  show({ widths, inputs, target, classes }) {
    this.#widths = widths;
    this.#root.replaceChildren();
    const svg = document.createElementNS(SVG, "svg");
    svg.classList.add("edges");
    svg.setAttribute("aria-hidden", "true");
    this.#root.append(svg);
    this.#offsets();
    this.#layers = widths.map((width, layer) => {
      const name = (unit) => {
        if (layer === 0) return inputs[unit] ?? "";
        if (layer < widths.length - 1) return t("neuron", { layer, unit: unit + 1 });
        return classes.length > 2 ? classes[unit] : target;
      };
      return Array.from({ length: drawn(width) }, (_, unit) => this.#unit(layer, unit, name(unit)));
    });
    this.#edges = [];
    for (let layer = 1; layer < widths.length; layer += 1) {
      for (let to = 0; to < drawn(widths[layer]); to += 1) {
        for (let from = 0; from < drawn(widths[layer - 1]); from += 1) this.#edge(svg, layer, from, to);
      }
    }
    this.#heads = widths.map((width, layer) => this.#head(layer, width));
    this.#place();
  }

  #heads = [];

  // Where each layer's weights and biases begin among all parameters.
  #offsets() {
    let at = 0;
    this.#places = { weights: [0], biases: [0] };
    for (let layer = 1; layer < this.#widths.length; layer += 1) {
      const [inputs, units] = [this.#widths[layer - 1], this.#widths[layer]];
      this.#places.weights.push(at);
      this.#places.biases.push(at + inputs * units);
      at += (inputs + 1) * units;
    }
  }

  #unit(layer, unit, name) {
    const hidden = layer > 0 && layer < this.#widths.length - 1;
    const element = document.createElement(hidden ? "button" : "div");
    element.className = hidden ? "neuron" : "input-name";
    if (hidden) {
      const canvas = document.createElement("canvas");
      element.append(canvas);
      element.setAttribute("aria-label", name);
    } else {
      element.textContent = name;
      element.title = name;
    }
    const tell = () => this.#say(this.#told(layer, unit, name));
    element.addEventListener("pointerenter", tell);
    element.addEventListener("focus", tell);
    element.addEventListener("pointerleave", () => this.#say(""));
    this.#root.append(element);
    return element;
  }

  #told(layer, unit, name) {
    if (layer === 0) return t("hover.input", { name });
    const bias = this.#weights[this.#places.biases[layer] + unit];
    return t("hover.neuron", { name, bias: short(bias ?? NaN), inputs: this.#widths[layer - 1] });
  }

  #edge(svg, layer, from, to) {
    const path = document.createElementNS(SVG, "path");
    const at = this.#places.weights[layer] + to * this.#widths[layer - 1] + from;
    path.addEventListener("pointerenter", () => {
      const name = (element) => element?.getAttribute("aria-label") ?? element?.textContent ?? "";
      const ends = { from: name(this.#layers[layer - 1][from]), to: name(this.#layers[layer][to]) };
      this.#say(t("hover.weight", { ...ends, weight: short(this.#weights[at] ?? NaN) }));
    });
    path.addEventListener("pointerleave", () => this.#say(""));
    svg.append(path);
    this.#edges.push({ path, at, layer, from, to });
  }

  // What stands above a layer: its units, with buttons where they can be changed.
  #head(layer, width) {
    const head = document.createElement("div");
    head.className = "units";
    const last = this.#widths.length - 1;
    if (layer === 0 || layer === last) {
      head.classList.add("plain");
      const key = layer === 0 ? "inputs" : "outputs";
      head.textContent = t(width === 1 ? `${key}.one` : key, { count: width });
    } else {
      const button = (sign, key, by) => {
        const own = document.createElement("button");
        own.className = "icon";
        own.textContent = sign;
        own.title = t(key, { layer });
        own.setAttribute("aria-label", own.title);
        own.disabled = width + by < 1;
        own.addEventListener("click", () => this.#change(layer - 1, width + by));
        return own;
      };
      const count = document.createElement("span");
      count.textContent = width;
      head.append(button("−", "units.fewer", -1), count, button("+", "units.more", 1));
    }
    this.#root.append(head);
    const more = document.createElement("div");
    more.className = "more-units";
    more.textContent = width > SHOWN ? t("units.hidden", { count: width - SHOWN }) : "";
    this.#root.append(more);
    return { head, more };
  }

  #place() {
    const { clientWidth: width, clientHeight: height } = this.#root;
    const count = this.#widths.length;
    if (count < 2 || width === 0) return;
    const side = 56;
    const x = (layer) => side + ((width - 2 * side) * layer) / (count - 1);
    const tallest = Math.max(...this.#widths.map(drawn));
    const gap = Math.min(96, (height - TOP - 24) / Math.max(tallest, 1));
    const size = Math.max(20, Math.min(64, gap - 7, ((width - 2 * side) / (count - 1)) * 0.6));
    const middle = TOP + (height - TOP - 20) / 2;
    const y = (layer, unit) => middle + (unit - (drawn(this.#widths[layer]) - 1) / 2) * gap;
    this.#layers.forEach((units, layer) => units.forEach((element, unit) => {
      element.style.left = `${x(layer)}px`;
      element.style.top = `${y(layer, unit)}px`;
      if (element.className === "neuron") element.style.width = element.style.height = `${size}px`;
    }));
    this.#heads.forEach(({ head, more }, layer) => {
      head.style.left = more.style.left = `${x(layer)}px`;
      more.style.top = `${y(layer, drawn(this.#widths[layer]) - 1) + size / 2 + 3}px`;
    });
    const half = (layer) => (layer === 0 ? 30 : size / 2);
    for (const { path, layer, from, to } of this.#edges) {
      const last = layer === count - 1;
      const [x0, y0] = [x(layer - 1) + half(layer - 1), y(layer - 1, from)];
      const [x1, y1] = [x(layer) - (last ? 26 : half(layer)), y(layer, to)];
      const bend = (x1 - x0) * 0.45;
      path.setAttribute("d", `M${x0} ${y0}C${x0 + bend} ${y0} ${x1 - bend} ${y1} ${x1} ${y1}`);
    }
  }

  // Draws the weights and the neurons' pictures of a frame.
  draw({ weights, neurons, side }) {
    this.#weights = weights;
    const ground = paper();
    const strongest = this.#widths.slice(1).map((_, index) => {
      const own = this.#edges.filter((edge) => edge.layer === index + 1);
      return own.reduce((most, edge) => Math.max(most, Math.abs(weights[edge.at])), 1e-6);
    });
    for (const { path, at, layer } of this.#edges) {
      const share = Math.abs(weights[at]) / strongest[layer - 1];
      path.setAttribute("stroke", css(ofClass(weights[at] < 0 ? 0 : 1)));
      path.setAttribute("stroke-width", (0.6 + 5.4 * share).toFixed(2));
      path.setAttribute("stroke-opacity", (0.16 + 0.74 * share).toFixed(2));
    }
    if (neurons.length === 0) return;
    const table = neuronTable(ground);
    let first = 0;
    for (let layer = 1; layer < this.#widths.length - 1; layer += 1) {
      this.#layers[layer].forEach((element, unit) => {
        const bytes = neurons.subarray((first + unit) * side * side, (first + unit + 1) * side * side);
        paint(element.firstChild, bytes, side, table);
      });
      first += this.#widths[layer];
    }
  }
}

function paint(canvas, bytes, side, table) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const context = canvas.getContext("2d");
  const image = context.createImageData(side, side);
  for (let point = 0; point < bytes.length; point += 1) {
    const entry = 4 * bytes[point];
    for (let channel = 0; channel < 4; channel += 1) image.data[4 * point + channel] = table[entry + channel];
  }
  context.putImageData(image, 0, 0);
}
