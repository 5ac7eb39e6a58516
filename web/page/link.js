// The configuration as a link's fragment: what differs from the defaults, in words one can read.
//
// A fragment may come from anybody. Here it becomes plain values of the right kind, or is refused; the
// library checks the ranges.

export const DEFAULTS = {
  data: "xor", points: 400, noise: 0.1, draw: 1, validation: 0.25, target: null, task: null,
  hidden: [2], activation: "sigmoid", layer_norm: false, loss: "auto", optimizer: "sgd", lr: 1,
  momentum: 0, weight_decay: 0, batch: "full", dropout: 0, l1: 0, l2: 0, seed: 777, steps: 10001,
  epochs: null,
};

// The steps of a run.
export function steps({ steps, epochs }, about) {
  return epochs === null ? steps : epochs * about.stepsPerEpoch;
}

const NAMES = {
  data: ["xor", "circles", "moons", "spiral", "gaussians", "board", "hills"],
  activation: ["sigmoid", "tanh", "relu", "leaky-relu", "elu", "gelu", "silu", "softplus"],
  optimizer: ["sgd", "adam", "adamw"],
  loss: ["auto", "bce", "cross-entropy", "mse", "mae", "focal"],
};
const LONGEST = 2000;

export function fragment(configuration) {
  const parts = [];
  for (const [key, standard] of Object.entries(DEFAULTS)) {
    const value = configuration[key];
    if (String(value) === String(standard) || value === null || key === "target" || key === "task") continue;
    parts.push(`${key}=${encodeURIComponent(String(value)).replaceAll("%2C", ",")}`);
  }
  return parts.join("&");
}

// The configuration that a fragment holds; an Error names what is not understood.
export function parse(text) {
  const configuration = structuredClone(DEFAULTS);
  const own = text.replace(/^#/, "");
  if (own === "") return configuration;
  if (own.length > LONGEST) throw new Error("link-long");
  for (const part of own.split("&")) {
    const at = part.indexOf("=");
    const [key, word] = at < 0 ? [part, ""] : [part.slice(0, at), decode(part.slice(at + 1))];
    if (!Object.hasOwn(DEFAULTS, key) || key === "target" || key === "task") throw refused(key);
    configuration[key] = value(key, word);
  }
  return configuration;
}

function decode(word) {
  try { return decodeURIComponent(word); } catch { throw refused(word); }
}

function refused(what) {
  return Object.assign(new Error("link-refused"), { what: what.slice(0, 40) });
}

function value(key, word) {
  const standard = DEFAULTS[key];
  if (NAMES[key]) {
    if (!NAMES[key].includes(word)) throw refused(`${key}=${word}`);
    return word;
  }
  if (key === "batch") {
    if (word !== "full" && !/^\d{1,6}$/.test(word)) throw refused(`${key}=${word}`);
    return word;
  }
  if (Array.isArray(standard)) {
    if (word === "") return [];
    if (!/^\d{1,4}(,\d{1,4}){0,7}$/.test(word)) throw refused(`${key}=${word}`);
    return word.split(",").map(Number);
  }
  if (typeof standard === "boolean") {
    if (word !== "true" && word !== "false") throw refused(`${key}=${word}`);
    return word === "true";
  }
  const number = Number(word);
  const whole = ["points", "draw", "seed", "steps", "epochs"].includes(key);
  const fits = word !== "" && Number.isFinite(number) && number >= 0 && number <= 1e12;
  if (!fits || (whole && !Number.isInteger(number))) throw refused(`${key}=${word}`);
  return number;
}
