// The same training elsewhere: as a command line, and as Python.

const plain = /^[\w./,:%+=@-]+$/;
const shell = (word) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

// Flags and values of network and training; `searched` has texts for some, by their flags.
function training(own, searched = {}) {
  const pairs = [["hidden", own.hidden.join(",") || "none"], ["activation", own.activation]];
  if (own.layer_norm) pairs.push(["layer-norm"]);
  if (own.loss !== "auto") pairs.push(["loss", own.loss]);
  pairs.push(["optimizer", own.optimizer], ["lr", own.lr]);
  if (own.optimizer === "sgd" && own.momentum > 0) pairs.push(["momentum", own.momentum]);
  if (own.weight_decay > 0 || own.optimizer === "adamw") pairs.push(["weight-decay", own.weight_decay]);
  pairs.push(["batch-size", own.batch]);
  if (own.dropout > 0) pairs.push(["dropout", own.dropout]);
  if (own.l1 > 0) pairs.push(["l1", own.l1]);
  if (own.l2 > 0) pairs.push(["l2", own.l2]);
  pairs.push(own.epochs === null ? ["steps", own.steps] : ["epochs", own.epochs], ["seed", own.seed]);
  return [...pairs.filter(([flag]) => !(flag in searched)), ...Object.entries(searched)];
}

// Those of the table.
function rows({ data }, target) {
  if (data === "xor") return [];
  return data === "table" ? [["target", target]] : [["target", target], ["preprocess", "none"]];
}

const listed = (command, own, table, pairs) => ["halfplane", command, own.data === "xor" ? "xor" : table,
  ...pairs.flatMap(([flag, ...value]) => [`--${flag}`, ...value.map(String)])];

// What the command line is told to train the same, word by word.
function words(own, { target, validationRows }, table) {
  const held = validationRows > 0 ? ["validation", own.validation] : ["folds", "none"];
  return listed("train", own, table, [...rows(own, target), ...(own.data === "xor" ? [] : [held]),
    ...training(own), ["output", "model.safetensors"]]);
}

// A shell's command, a flag a line.
function shown(words) {
  const list = words.map(shell);
  const lines = [list.slice(0, 3).join(" ")];
  for (let at = 3; at < list.length; at += 1) {
    if (list[at].startsWith("--")) lines.push(`  ${list[at]}`);
    else lines[lines.length - 1] += ` ${list[at]}`;
  }
  return lines.join(" \\\n");
}

export const commandLine = (configuration, about, table) => shown(words(configuration, about, table));

const stopped = ({ patience }) => (patience === null ? [] : [["patience", patience]]);

// The command that scores the same on folds.
export function crossValidation(own, { target }, table, choice) {
  return shown(listed("cv", own, table, [...rows(own, target), ["folds", choice.folds], ...training(own), ...stopped(choice)]));
}

// The command that searches the same.
export function sweep(own, { target }, table, choice) {
  // Here, too, the best is one network that is trained on all rows.
  const how = [["folds", choice.folds], ["trials", choice.trials], ["refit", "all"]];
  if (choice.sampler !== "auto") how.push(["sampler", choice.sampler]);
  if (choice.pruning !== "auto") how.push(["pruning", choice.pruning]);
  const searched = Object.fromEntries(choice.space);
  return shown(listed("sweep", own, table, [...rows(own, target), ...how, ...training(own, searched), ...stopped(choice)]));
}

// The package runs the same program: so it is the same training, to the last bit.
export function python(configuration, about, table) {
  const list = words(configuration, about, table).slice(1).map((word) => JSON.stringify(word));
  const lines = [];
  for (let at = 2; at < list.length; ) {
    const pair = list[at + 1] !== undefined && !list[at + 1].startsWith('"--') ? 2 : 1;
    lines.push(`    ${list.slice(at, at + pair).join(", ")},`);
    at += pair;
  }
  return [
    "import subprocess, sys",
    "",
    "subprocess.run([",
    `    sys.executable, "-m", "halfplane", ${list.slice(0, 2).join(", ")},`,
    ...lines,
    "], check=True)",
  ].join("\n");
}
