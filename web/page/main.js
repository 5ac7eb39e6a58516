// The page: one configuration, one network in training, and the parts that show it.
import { ofClass, ofNumber, css } from "./colours.js";
import { dataControls, RECIPES, samples, settings } from "./controls.js";
import { Curve } from "./curve.js";
import { Diagram } from "./diagram.js";
import { Doctor } from "./doctor.js";
import { Engine } from "./engine.js";
import { taken } from "./file.js";
import { Lecture } from "./lecture.js";
import { DEFAULTS, fragment, parse, steps as length } from "./link.js";
import { Regions } from "./regions.js";
import { draw as drawScores } from "./scores.js";
import { Search } from "./search.js";
import { tabs, themes } from "./shell.js";
import { Take } from "./take.js";
import { preferred, rate, short, speak, t, whole } from "./texts.js";
import { Wall } from "./wall.js";

const $ = (id) => document.getElementById(id);
const SPEEDS = [1, 5, 25, 100, 1000, 10000, 1e9]; // Steps a frame.
const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;

const engine = new Engine();
const diagram = new Diagram($("diagram"), {
  say: (text) => ($("hover").textContent = text || t("hover")),
  change: (layer, units) => change({ hidden: state.configuration.hidden.with(layer, units) }),
});
const regions = new Regions($("regions"), $("tip"));
const curve = new Curve($("curve"));
const lecture = new Lecture({ choice: $("lecture-choice"), table: $("lecture-table") }, (hidden) =>
  change({ ...DEFAULTS, hidden }, { play: true }));

// What the page knows. Tests read it.
export const state = {
  configuration: structuredClone(DEFAULTS),
  device: "cpu",
  file: null,
  about: null,
  frame: null,
  playing: false,
  ended: false,
  speed: 2,
};
const wall = new Wall($("wall"), state, async ({ hidden, lr, seed }) => {
  openTab("train");
  await change({ hidden, lr, seed }, { play: true });
  scrollTo({ top: 0 });
});
const search = new Search($("search"), state, async (configuration, file) => {
  openTab("train");
  await change(configuration, { file, play: true });
  scrollTo({ top: 0 });
});
const take = new Take($("take"), state, engine);
const doctor = new Doctor($("doctor"));
let openTab = () => {};
window.playground = { state, engine, wall, search, doctor };

export function tell(text, kind = "") {
  $("notice").hidden = !text;
  $("notice").className = `notice ${kind}`;
  $("notice").firstChild.textContent = text;
}

const worded = (message, values) => {
  const text = t(`error.${message}`, values);
  return text.startsWith("error.") ? message : text;
};

// Begins anew with some settings changed; `byRecipe` leaves network and training to the library's recipe for
// the rows. What cannot be leaves everything as it was.
export async function change(changes, { device = state.device, file = state.file, play = state.playing, byRecipe = false } = {}) {
  let configuration = { ...state.configuration, ...changes };
  let about;
  try {
    const table = configuration.data === "table" ? file : null;
    if (table?.parquet) engine.become("all");
    about = await engine.call("open", { configuration, file: table, byRecipe, device });
    ({ configuration } = about);
  } catch (error) {
    tell(worded(error.message), "bad");
    if (state.about) show();
    return false;
  }
  Object.assign(state, { configuration, file, about, device: about.gpu ? "gpu" : "cpu", ended: false, frame: null });
  state.playing = false;
  if (about.notice) tell(t("notice.cpu", { problem: worded(about.notice) }));
  curve.clear(total(), about.stepsPerEpoch);
  lecture.begin(configuration);
  show();
  try {
    draw(await engine.call("frame"));
  } catch (error) {
    engine.onfailed(error.message);
    return false;
  }
  if (play) start();
  remember();
  return true;
}

function remember() {
  const own = state.configuration.data === "table" ? "" : fragment(state.configuration);
  history.replaceState(null, "", own ? `#${own}` : location.pathname + location.search);
}

// Shows what does not change from frame to frame.
function show() {
  const { configuration, about } = state;
  samples($("samples"), configuration, (name) =>
    change({ ...DEFAULTS, ...RECIPES[name], data: name, noise: name === "moons" || name === "circles" ? 0.2 : 0.1 }, { play: true }));
  dataControls($("data-controls"), configuration, change);
  settings($("settings"), configuration, about, change);
  diagram.show(about);
  regions.show(about);
  $("lecture").hidden = configuration.data !== "xor";
  lecture.draw();
  const count = configuration.hidden.length;
  $("layers-are").textContent = t(count === 1 ? "layers.one" : "layers", { count });
  $("fewer-layers").disabled = count === 0;
  $("more-layers").disabled = count >= 8;
  $("device-name").textContent = about.device;
  $("hover").textContent = t("hover");
  $("rate").textContent = "";
  $("regions").setAttribute("aria-label", t("picture"));
  $("curve").setAttribute("aria-label", t("curve"));
  legend(about);
  said(about);
  look(about);
}

const total = () => length(state.configuration, state.about);

function legend({ task, classes, targetRange: [low, high], validationRows, target }) {
  const part = (text, colour) => {
    const own = document.createElement("span");
    const dot = document.createElement("canvas");
    dot.width = dot.height = 12;
    const context = dot.getContext("2d");
    context.fillStyle = css(colour);
    context.fillRect(0, 0, 12, 12);
    own.append(dot, text);
    return own;
  };
  const parts = [];
  if (task === "regression") {
    const own = document.createElement("span");
    const scale = document.createElement("canvas");
    scale.className = "scale";
    [scale.width, scale.height] = [120, 1];
    const context = scale.getContext("2d");
    for (let x = 0; x < 120; x += 1) {
      context.fillStyle = css(ofNumber(x / 119));
      context.fillRect(x, 0, 1, 1);
    }
    own.append(`${target}: ${short(low)}`, scale, short(high));
    parts.push(own);
  } else {
    classes.slice(0, 10).forEach((name, number) => parts.push(part(name, ofClass(number))));
  }
  if (validationRows > 0) parts.push(t("legend.hollow"));
  $("legend").replaceChildren(...parts.map((own) => {
    if (typeof own !== "string") return own;
    const span = document.createElement("span");
    span.textContent = own;
    return span;
  }));
}

// What was found out about a table, as the command line says it.
function said({ said: text, warnings, rows, validationRows, target, task, columns }) {
  const root = $("table-said");
  root.replaceChildren();
  if (state.configuration.data !== "table") return;
  const line = (words, className) => {
    const own = document.createElement("p");
    own.textContent = words;
    if (className) own.className = className;
    root.append(own);
  };
  const name = document.createElement("strong");
  name.textContent = state.file.name;
  root.append(name);
  line(t("table.rows", { rows: whole(rows + validationRows), held: whole(validationRows) }));
  const select = document.createElement("select");
  select.id = "target";
  for (const column of [...columns, target]) select.add(new Option(column, column, false, column === target));
  select.addEventListener("change", () => open(state.file, select.value));
  const label = document.createElement("label");
  label.className = "field";
  const words = document.createElement("span");
  words.textContent = t("table.target", { task: t(`task.${task}`) });
  label.append(words, select);
  root.append(label);
  text.trim().split("\n").forEach((own) => line(own));
  warnings.forEach((own) => line(own, "warning"));
}

// Two columns to look along, where there are more.
function look({ axes, axis }) {
  $("look").hidden = axes.length < 3;
  if (axes.length < 3) return;
  const choose = (which) => {
    const select = document.createElement("select");
    select.id = `look-${which}`;
    axes.forEach((name, index) => select.add(new Option(name, index, false, index === axis[which])));
    select.addEventListener("change", async () => {
      const next = axis.with(which, Number(select.value));
      Object.assign(state.about, await engine.call("look", { axes: next }));
      regions.show(state.about);
      look(state.about);
      draw(await engine.call("frame"));
    });
    return select;
  };
  $("look").replaceChildren(t("look"), choose(0), "×", choose(1));
}

// Draws a frame, and tells the worker that another one may come.
let pending = null;
engine.onframe = (frame) => {
  const first = pending === null;
  if (pending) {
    // A frame that was never drawn: its losses are kept.
    frame.losses = concat(pending.losses, frame.losses);
    frame.epochs = concat(pending.epochs, frame.epochs);
    frame.validations = concat(pending.validations, frame.validations);
  }
  pending = frame;
  if (first) (calm ? (next) => setTimeout(next, 500) : requestAnimationFrame)(() => {
    const own = pending;
    pending = null;
    draw(own);
    engine.drawn();
  });
};

function concat(a, b) {
  const both = new Float64Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function draw(frame) {
  const { about } = state;
  if (frame.widths.join() !== about.widths.join()) return;
  if (frame !== state.frame) {
    curve.add(frame);
    lecture.add(frame.losses);
  }
  state.frame = frame;
  diagram.draw(frame);
  regions.draw(frame);
  curve.draw();
  const steps = Math.max(total(), frame.step);
  $("done").style.width = `${(100 * frame.step) / steps}%`;
  const epoch = Math.floor(frame.step / about.stepsPerEpoch);
  $("step-is").textContent = about.stepsPerEpoch > 1
    ? t("step.epoch", { step: whole(frame.step), of: whole(steps), epoch: whole(epoch) })
    : t("step.is", { step: whole(frame.step), of: whole(steps) });
  const { training, validation } = curve.last;
  $("loss-is").textContent = training === undefined ? "" : validation === undefined
    ? t("loss.is", { loss: short(training) }) : t("loss.both", { loss: short(training), validation: short(validation) });
  if (frame.rate > 0) $("rate").textContent = t("rate", { rate: rate(frame.rate) });
  if (frame.recovered) {
    tell(t("notice.lost", { problem: frame.recovered }));
    [state.device, about.gpu, about.device] = ["cpu", false, "CPU"];
    show();
  }
  if (frame.ended) ended();
  else if (frame.step % 10 === 0 || !state.playing) lecture.draw();
  score();
}

async function ended() {
  state.ended = true;
  playing(false);
  if (lecture.isOne) lecture.outputs = await engine.call("predictions", { rows: 4 });
  lecture.draw();
  score(true);
}

// Scores are computed now and then: they need all rows.
let scored = 0;
async function score(now = false) {
  const since = performance.now() - scored;
  if (!now && since < 700) return;
  scored = performance.now();
  const { about } = state;
  try {
    const scores = await engine.call("scores");
    if (about === state.about) drawScores($("scores-are"), scores, about.classes);
    state.scores = scores;
  } catch (error) {
    $("scores-are").textContent = error.message;
  }
}

function playing(is) {
  state.playing = is;
  $("play").classList.toggle("on", is);
  $("play").title = t(is ? "pause" : "play");
  $("play").setAttribute("aria-label", $("play").title);
  $("device-chip").classList.toggle("idle", !is);
}

export async function start() {
  if (state.ended) {
    await engine.call("goOn");
    state.ended = false;
    curve.extend(state.frame.step + total());
  }
  playing(true);
  engine.call("play", { steps: SPEEDS[state.speed] });
}

export async function pause() {
  playing(false);
  await engine.call("pause");
  draw(await engine.call("frame"));
}

async function step() {
  playing(false);
  const frame = await engine.call("step", { steps: 1 });
  draw(frame);
}

function speed(value) {
  state.speed = Number(value);
  $("speed").value = state.speed;
  const steps = SPEEDS[state.speed];
  $("speed-is").textContent = steps > 1e8 ? t("speed.most") : t("speed.is", { steps: whole(steps) });
  engine.call("pace", { steps });
}

// Opens a dropped file: as the library understands it, and with its recipe for such rows.
async function open(file, target = null) {
  const task = { ...DEFAULTS, data: "table", target, validation: 0.2 };
  if (await change(task, { file, play: true, byRecipe: true })) tell("");
}

// Shows the part that a tab opens; one that computes begins when it is first seen.
let seenLast = "train";
function seen(name) {
  if (name === "wall" && state.about) wall.show();
  if (seenLast === "wall" && name !== "wall") wall.hide();
  if (name === "search" && state.about) search.show();
  if (name === "take") take.show();
  if (name === "doctor") doctor.show();
  if (name === "train" && state.frame) draw(state.frame);
  seenLast = name;
}

function wire() {
  $("play").addEventListener("click", () => (state.playing ? pause() : start()));
  $("reset").addEventListener("click", () => change({}));
  $("step").addEventListener("click", step);
  $("speed").addEventListener("input", (event) => speed(event.target.value));
  $("fewer-layers").addEventListener("click", () => change({ hidden: state.configuration.hidden.slice(0, -1) }));
  $("more-layers").addEventListener("click", () => {
    const { hidden } = state.configuration;
    change({ hidden: [...hidden, hidden.at(-1) ?? 4] });
  });
  $("notice").lastChild.addEventListener("click", () => tell(""));
  $("language").value = document.documentElement.lang;
  $("language").addEventListener("change", async () => {
    await speak($("language").value);
    seen(seenLast);
    show();
    draw(await engine.call("frame"));
    speed(state.speed);
  });
  themes($("theme"), () => state.frame && (show(), draw(state.frame)));
  openTab = tabs($("tabs"), seen);
  $("drop").addEventListener("click", () => $("file").click());
  $("file").addEventListener("change", () => $("file").files[0] && receive($("file").files[0]));
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    $("drop").classList.add("over");
  });
  document.addEventListener("dragleave", () => $("drop").classList.remove("over"));
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    $("drop").classList.remove("over");
    if (event.dataTransfer.files[0]) receive(event.dataTransfer.files[0]);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, select, button, textarea") || event.ctrlKey || event.metaKey) return;
    const keys = { " ": () => (state.playing ? pause() : start()), ArrowRight: step, r: () => change({}) };
    if (keys[event.key]) {
      event.preventDefault();
      keys[event.key]();
    }
  });
  window.addEventListener("hashchange", () => follow());
  window.addEventListener("resize", () => state.frame && (regions.draw(state.frame), curve.draw()));
}

async function receive(dropped) {
  openTab("train");
  try {
    const { file, note } = await taken(dropped, (size) => confirm(t("file.large", size)));
    if (file) await open(file);
    if (note) tell(note);
  } catch (error) {
    tell(worded(error.message), "bad");
  }
}

// Takes the configuration from the link; what it does not hold well is said, and the defaults hold.
async function follow() {
  let configuration = structuredClone(DEFAULTS);
  let problem = null;
  try {
    configuration = parse(location.hash);
  } catch (error) {
    problem = worded(error.message, { what: error.what });
  }
  if (!(await change(configuration, { play: true }))) {
    problem = $("notice").firstChild.textContent;
    await change(structuredClone(DEFAULTS), { play: true });
  }
  if (problem) tell(problem, "bad");
}

// A device that fails before there is a snapshot to go on from: the CPU begins again. What diverges there,
// too, is told then.
engine.onfailed = async (message) => {
  playing(false);
  if (state.about?.gpu && (await change({}, { device: "cpu", play: true }))) {
    tell(t("notice.failed", { problem: worded(message) }));
  } else {
    tell(worded(message), "bad");
  }
};

// Offline afterwards, where the browser lets a page keep its files.
navigator.serviceWorker?.register("offline.js").catch(() => {});

await speak(preferred());
wire();
speed(state.speed);
await follow();
