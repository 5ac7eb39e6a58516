// The decision picture: what the network says of each place, the rows, and the first layer's lines.
import { css, ofClass, ofNumber, outputColour, paper } from "./colours.js";
import { short, t } from "./texts.js";

const EDGE = { left: 34, right: 6, top: 6, bottom: 24 };
const MOST_LINES = 16;

// A canvas as sharp as the screen; returns its context and size in CSS pixels.
export function sharp(canvas) {
  const scale = window.devicePixelRatio || 1;
  const { clientWidth: width, clientHeight: height } = canvas;
  const [wide, high] = [Math.round(width * scale), Math.round(height * scale)];
  if (canvas.width !== wide || canvas.height !== high) [canvas.width, canvas.height] = [wide, high];
  const context = canvas.getContext("2d");
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  return { context, width, height };
}

// Round numbers that divide a range into about so many parts.
export function ticks(low, high, count) {
  const step = 10 ** Math.floor(Math.log10((high - low) / count));
  const factor = [1, 2, 5, 10].find((own) => (high - low) / (own * step) <= count) ?? 10;
  const from = Math.ceil(low / (factor * step));
  const all = [];
  for (let number = from; number * factor * step <= high; number += 1) all.push(number * factor * step);
  return all;
}

export class Regions {
  #canvas;
  #about = null;
  #image = document.createElement("canvas");

  #last = null;

  constructor(canvas, tip) {
    this.#canvas = canvas;
    canvas.addEventListener("pointermove", (event) => this.#point(event, tip));
    canvas.addEventListener("pointerleave", () => (tip.hidden = true));
  }

  // Says what the network predicts where one points.
  #point(event, tip) {
    const { view, axes, axis, classes, target, targetRange: [low, high] } = this.#about;
    const { width, height } = this.#canvas.getBoundingClientRect();
    const x = (event.offsetX - EDGE.left) / (width - EDGE.left - EDGE.right);
    const y = 1 - (event.offsetY - EDGE.top) / (height - EDGE.top - EDGE.bottom);
    tip.hidden = !this.#last || x < 0 || x >= 1 || y < 0 || y >= 1;
    if (tip.hidden) return;
    const { output, fine } = this.#last;
    const point = Math.floor((1 - y) * fine) * fine + Math.floor(x * fine);
    const [kind, sure] = [output[2 * point], output[2 * point + 1] / 254];
    const at = [x, y].map((share, which) => short(view[which][0] + share * (view[which][1] - view[which][0])));
    const place = `${axes[axis[0]]} ${at[0]}, ${axes[axis[1]]} ${at[1]}`;
    tip.textContent = kind === 255
      ? t("tip.number", { place, target, value: short(low + sure * (high - low)) })
      : t("tip.class", { place, target, name: classes[kind], sure: Math.round(100 * sure) });
    const wide = document.documentElement.clientWidth;
    tip.style.left = `${Math.min(event.clientX + 14, wide - tip.offsetWidth - 8)}px`;
    tip.style.top = `${event.clientY + 16}px`;
  }

  show(about) {
    this.#about = about;
    this.#canvas.hidden = !about.view;
  }

  draw({ output, fine, lines }) {
    this.#last = { output, fine };
    const { view, points, axes, axis, rows } = this.#about ?? {};
    if (!view) return;
    const ground = paper();
    const { context, width, height } = sharp(this.#canvas);
    const [w, h] = [width - EDGE.left - EDGE.right, height - EDGE.top - EDGE.bottom];
    const x = (value) => EDGE.left + ((value - view[0][0]) / (view[0][1] - view[0][0])) * w;
    const y = (value) => EDGE.top + (1 - (value - view[1][0]) / (view[1][1] - view[1][0])) * h;

    this.#fill(output, fine, ground.paper);
    context.save();
    context.beginPath();
    context.roundRect(EDGE.left, EDGE.top, w, h, 8);
    context.clip();
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    context.drawImage(this.#image, EDGE.left, EDGE.top, w, h);
    this.#lines(context, lines, { x, y, view }, ground);
    this.#points(context, points, rows, { x, y }, ground);
    context.restore();

    context.fillStyle = css(ground.muted);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const value of ticks(...view[0], 6)) context.fillText(short(value), x(value), height - 20);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const value of ticks(...view[1], 6)) context.fillText(short(value), EDGE.left - 5, y(value));
    context.fillStyle = css(ground.ink, 0.75);
    context.font = "600 12px system-ui, sans-serif";
    context.textBaseline = "bottom";
    context.fillText(axes[axis[0]], width - EDGE.right - 8, height - EDGE.bottom - 6);
    context.textAlign = "left";
    context.textBaseline = "top";
    context.fillText(axes[axis[1]], EDGE.left + 8, EDGE.top + 7);
  }

  #fill(output, fine, ground) {
    const image = this.#image;
    if (image.width !== fine) image.width = image.height = fine;
    const context = image.getContext("2d");
    const pixels = context.createImageData(fine, fine);
    const known = new Map();
    for (let point = 0; point < fine * fine; point += 1) {
      const key = (output[2 * point] << 8) | output[2 * point + 1];
      let colour = known.get(key);
      if (!colour) known.set(key, (colour = outputColour(key >> 8, key & 255, ground)));
      pixels.data.set([colour[0], colour[1], colour[2], 255], 4 * point);
    }
    context.putImageData(pixels, 0, 0);
  }

  // u·x + v·y + b = 0: where a neuron of the first layer changes its mind.
  #lines(context, lines, { x, y, view }, ground) {
    const count = lines.length / 3;
    // More would hide what they explain.
    if (count > MOST_LINES) return;
    context.lineCap = "round";
    for (let unit = 0; unit < count; unit += 1) {
      const [u, v, b] = lines.subarray(3 * unit, 3 * unit + 3);
      const [[left, right], [low, high]] = view;
      // Far beyond the view, so that both ends lie outside.
      const size = u * u + v * v;
      if (size < 1e-12) continue;
      const [cx, cy] = [(left + right) / 2, (low + high) / 2];
      const off = (u * cx + v * cy + b) / size;
      const [px, py] = [cx - u * off, cy - v * off];
      const reach = 4 * Math.max(right - left, high - low);
      const long = reach / Math.sqrt(size);
      context.beginPath();
      context.moveTo(x(px - v * long), y(py + u * long));
      context.lineTo(x(px + v * long), y(py - u * long));
      if (count <= 4) {
        context.strokeStyle = css(ground.paper, 0.6);
        context.lineWidth = 4;
        context.stroke();
      }
      // Many lines must not hide what they make together.
      context.strokeStyle = css(ground.ink, count > 4 ? Math.min(0.5, 8 / count) : 0.9);
      context.lineWidth = count > 4 ? 1.1 : 1.8;
      context.stroke();
    }
  }

  #points(context, points, rows, { x, y }, ground) {
    const { task, targetRange: [low, high] } = this.#about;
    const count = points.length / 3;
    const size = count <= 8 ? 8 : count <= 600 ? 4 : 2.6;
    // What is held out is drawn hollow. Too many points would hide the picture.
    const stride = Math.ceil(count / 3000);
    for (let row = 0; row < count; row += stride) {
      const [px, py, target] = points.subarray(3 * row, 3 * row + 3);
      const colour = task === "regression" ? ofNumber((target - low) / (high - low)) : ofClass(target);
      context.beginPath();
      context.arc(x(px), y(py), size, 0, 7);
      context.lineWidth = count <= 8 ? 3 : 1.2;
      if (row < rows) {
        context.fillStyle = css(colour);
        context.fill();
        context.strokeStyle = css(ground.paper);
      } else {
        context.fillStyle = css(ground.paper);
        context.fill();
        context.strokeStyle = css(colour);
        context.lineWidth = 1.8;
      }
      context.stroke();
    }
  }
}
