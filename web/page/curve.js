// The loss curve: training and validation loss over steps, the loss in powers of ten.
import { css, ofClass, paper } from "./colours.js";
import { sharp, ticks } from "./regions.js";
import { short, whole } from "./texts.js";

const EDGE = { left: 46, right: 8, top: 8, bottom: 20 };
const MOST = 1200; // Points of a curve: then every second one is left out.

export class Curve {
  #canvas;
  #training = [];
  #validation = [];
  #total = 1;
  #perEpoch = 1;
  #stride = 1;
  #seen = 0;

  constructor(canvas) {
    this.#canvas = canvas;
  }

  clear(total, perEpoch) {
    [this.#training, this.#validation, this.#total, this.#perEpoch] = [[], [], total, perEpoch];
    [this.#stride, this.#seen] = [1, 0];
  }

  extend(total) {
    this.#total = total;
  }

  // Where an epoch has several steps, its mean is shown: a step's own loss is that of its batch alone.
  add({ losses, epochs, validations }) {
    const means = this.#perEpoch > 1;
    const own = means ? epochs : losses;
    for (let at = 0; at < own.length; at += 2) {
      const step = means ? (own[at] + 1) * this.#perEpoch : own[at];
      if (this.#seen % this.#stride === 0) this.#training.push([step, own[at + 1]]);
      this.#seen += 1;
    }
    for (let at = 0; at < validations.length; at += 2) {
      this.#validation.push([(validations[at] + 1) * this.#perEpoch, validations[at + 1]]);
    }
    if (this.#training.length > MOST) {
      this.#training = this.#training.filter((_, index) => index % 2 === 0);
      this.#stride *= 2;
    }
    if (this.#validation.length > MOST) {
      this.#validation = this.#validation.filter((_, index) => index % 2 === 0);
    }
  }

  get last() {
    return { training: this.#training.at(-1)?.[1], validation: this.#validation.at(-1)?.[1] };
  }

  draw() {
    const ground = paper();
    const { context, width, height } = sharp(this.#canvas);
    const all = [...this.#training, ...this.#validation].map(([, loss]) => loss).filter((loss) => loss > 0);
    if (all.length === 0) return;
    let [low, high] = [Math.log10(Math.min(...all)), Math.log10(Math.max(...all))];
    if (high - low < 0.3) [low, high] = [low - 0.15, high + 0.15];
    const x = (step) => EDGE.left + (step / this.#total) * (width - EDGE.left - EDGE.right);
    const y = (loss) =>
      EDGE.top + ((high - Math.log10(Math.max(loss, 1e-12))) / (high - low)) * (height - EDGE.top - EDGE.bottom);

    context.font = "11px system-ui, sans-serif";
    context.fillStyle = css(ground.muted);
    context.strokeStyle = css(ground.muted, 0.22);
    context.lineWidth = 1;
    context.textAlign = "right";
    context.textBaseline = "middle";
    const marks = high - low > 1.6 ? ticks(low, high, 4).filter(Number.isInteger).map((power) => 10 ** power)
      : ticks(10 ** low, 10 ** high, 4);
    for (const value of marks) {
      context.beginPath();
      context.moveTo(EDGE.left, y(value));
      context.lineTo(width - EDGE.right, y(value));
      context.stroke();
      context.fillText(short(value), EDGE.left - 6, y(value));
    }
    context.textBaseline = "top";
    for (const value of ticks(0, this.#total, 5)) {
      context.textAlign = x(value) > width - 30 ? "right" : "center";
      context.fillText(whole(value), Math.min(x(value), width - 2), height - 15);
    }

    this.#line(context, this.#training, { x, y }, css(ofClass(0)));
    this.#line(context, this.#validation, { x, y }, css(ofClass(1)));
  }

  #line(context, points, { x, y }, colour) {
    context.beginPath();
    for (const [step, loss] of points) context.lineTo(x(step), y(loss));
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.lineJoin = "round";
    context.stroke();
  }
}
