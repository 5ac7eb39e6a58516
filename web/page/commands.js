// The same training elsewhere: as a command line, and as Python.

const plain = /^[\w./,:%+=@-]+$/;
const shell = (word) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

// What the command line is told, word by word.
export function words(configuration, { target, validationRows }, table) {
  const own = configuration;
  const list = ["halfplane", "train", own.data === "xor" ? "xor" : table];
  const add = (flag, value) => list.push(`--${flag}`, String(value));
  if (own.data !== "xor") {
    add("target", target);
    if (own.data !== "table") add("preprocess", "none");
    if (validationRows > 0) add("validation", own.validation);
    else add("folds", "none");
  }
  if (own.hidden.length > 0) add("hidden", own.hidden.join(","));
  else add("hidden", "none");
  add("activation", own.activation);
  if (own.layer_norm) list.push("--layer-norm");
  if (own.loss !== "auto") add("loss", own.loss);
  add("optimizer", own.optimizer);
  add("lr", own.lr);
  if (own.optimizer === "sgd" && own.momentum > 0) add("momentum", own.momentum);
  if (own.weight_decay > 0 || own.optimizer === "adamw") add("weight-decay", own.weight_decay);
  add("batch-size", own.batch);
  if (own.dropout > 0) add("dropout", own.dropout);
  if (own.l1 > 0) add("l1", own.l1);
  if (own.l2 > 0) add("l2", own.l2);
  if (own.epochs === null) add("steps", own.steps);
  else add("epochs", own.epochs);
  add("seed", own.seed);
  add("output", "model.safetensors");
  return list;
}

export function commandLine(configuration, about, table) {
  const list = words(configuration, about, table).map(shell);
  const lines = [list.slice(0, 3).join(" ")];
  for (let at = 3; at < list.length; at += 1) {
    if (list[at].startsWith("--")) lines.push(`  ${list[at]}`);
    else lines[lines.length - 1] += ` ${list[at]}`;
  }
  return lines.join(" \\\n");
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
