// How good the network is: scores, the confusion matrix and the calibration, on rows that are held out
// where there are such.
import { css, ofClass, paper } from "./colours.js";
import { sharp } from "./regions.js";
import { short, t, whole } from "./texts.js";

function element(tag, className, text) {
  const own = document.createElement(tag);
  if (className) own.className = className;
  if (text !== undefined) own.textContent = text;
  return own;
}

// `scores` is what the library says, by its own names.
export function draw(root, { scores, heldOut, rows }, classes) {
  const own = Object.values(scores)[0]?.confusion || Object.values(scores)[0]?.per_target
    ? Object.values(scores)[0] : scores;
  const parts = [element("p", "hint", t(heldOut ? "scores.held-out" : "scores.training", { rows: whole(rows) }))];
  const tiles = element("div", "tiles");
  const tile = (key, value) => {
    if (value === null || value === undefined) return;
    const one = element("div", "tile");
    one.append(element("b", "", short(value)), element("span", "", t(`score.${key}`)));
    tiles.append(one);
  };
  for (const key of ["accuracy", "balanced_accuracy", "log_loss", "roc_auc", "pr_auc", "brier", "f1_macro",
    "r2", "rmse", "mae"]) tile(key, own[key]);
  parts.push(tiles);
  if (own.confusion) {
    const pair = element("div", "pair");
    pair.append(confusion(own.confusion, classes));
    if (own.calibration?.bins?.length > 0) pair.append(calibration(own.calibration));
    parts.push(pair);
  }
  root.replaceChildren(...parts);
  for (const canvas of root.querySelectorAll("canvas")) canvas.draw();
}

function confusion(counts, classes) {
  const box = element("div");
  box.append(element("h3", "", t("confusion")));
  if (counts.length > 12) {
    box.append(element("p", "hint", t("confusion.many", { classes: counts.length })));
    return box;
  }
  const table = element("table", "confusion");
  const head = table.insertRow();
  head.append(element("th", "", t("confusion.corner")));
  for (const name of classes) head.append(element("th", "", name));
  counts.forEach((row, truth) => {
    const line = table.insertRow();
    line.append(element("th", "", classes[truth]));
    const sum = row.reduce((a, b) => a + b, 0) || 1;
    row.forEach((count, predicted) => {
      const cell = line.insertCell();
      cell.textContent = whole(count);
      const colour = truth === predicted ? ofClass(3) : ofClass(2);
      cell.style.background = css(colour, 0.55 * (count / sum));
    });
  });
  box.append(table);
  return box;
}

// Of rows that are predicted with about the same probability, the share that is so: on the diagonal
// where the probabilities can be taken at their word.
function calibration({ bins, expected_error: error }) {
  const box = element("div");
  box.append(element("h3", "", t("calibration", { error: short(error) })));
  const canvas = element("canvas");
  canvas.draw = () => {
    const ground = paper();
    const { context, width, height } = sharp(canvas);
    const [left, bottom, size] = [34, height - 24, Math.min(width - 44, height - 34)];
    const at = ([x, y]) => [left + x * size, bottom - y * size];
    context.strokeStyle = css(ground.muted, 0.4);
    context.setLineDash([4, 4]);
    context.beginPath();
    context.moveTo(...at([0, 0]));
    context.lineTo(...at([1, 1]));
    context.stroke();
    context.setLineDash([]);
    context.strokeRect(left, bottom - size, size, size);
    const most = Math.max(...bins.map((bin) => bin.weight));
    context.strokeStyle = css(ofClass(0));
    context.lineWidth = 2;
    context.beginPath();
    const filled = bins.filter((bin) => bin.weight > 0);
    for (const bin of filled) context.lineTo(...at([bin.predicted, bin.observed]));
    context.stroke();
    context.fillStyle = css(ofClass(0));
    for (const bin of filled) {
      context.beginPath();
      context.arc(...at([bin.predicted, bin.observed]), 3 + 4 * Math.sqrt(bin.weight / most), 0, 7);
      context.fill();
    }
    context.fillStyle = css(ground.muted);
    context.font = "11px system-ui, sans-serif";
    context.textAlign = "center";
    context.fillText(t("calibration.predicted"), left + size / 2, height - 6);
    context.textAlign = "right";
    context.fillText("1", left - 6, bottom - size + 10);
    context.fillText("0", left - 6, bottom);
  };
  box.append(canvas);
  return box;
}
