// Trains beside the page, so that the page never waits. It holds the library's session and nothing else:
// each message is answered by its number, and frames are sent as long as the page keeps up.
import { adapterName } from "./adapter.js";

// What few visitors need – Parquet files, ONNX graphs, searches, the kernels' checks – is in a larger module.
const own = new URL(location.href).search === "?all" ? "all/" : "";
const module = import(`./${own}halfplane.js`);

const FRAME = 16; // Milliseconds from one frame to the next.
const WORK = 11; // Of which so many are for training.
const WALL_WORK = 30; // Those of a wall, whose pictures take longer.
const WALL_FRAME = 200;
const SEARCH_FRAME = 100;

const ready = module.then(({ default: start }) => start({ module_or_path: `${own}halfplane_bg.wasm` }));
const devices = {};
const names = { cpu: "CPU", gpu: "WebGPU" };
let playground = null;
let wall = null; // A worker has one of these.
let search = null; // Or a cross-validation.
let drawn = 0; // When the wall or the search was told last.
let described = null; // What the playground trains.
let generation = 0;
let playing = false;
let pace = 1;
let shown = true; // Whether the page has drawn the last frame.
let computed = { steps: 0, seconds: 0 };

// The module's objects take one call at a time.
let last = Promise.resolve();
function locked(work) {
  const next = last.then(work);
  last = next.catch(() => {});
  return next;
}

// The larger module, beside the one that trains.
let larger = null;
async function everything() {
  if (own) return module;
  larger ??= await import("./all/halfplane.js");
  await larger.default({ module_or_path: "all/halfplane_bg.wasm" });
  return larger;
}

async function device(name) {
  const { Device } = await module;
  if (name !== "gpu") return (devices.cpu ??= Device.cpu());
  if (!devices.gpu) {
    if (!navigator.gpu) throw new Error("no-webgpu");
    devices.gpu = await Device.gpu();
    names.gpu = await adapterName();
  }
  return devices.gpu;
}

const nameOf = (opened) => (opened.is_gpu ? names.gpu : names.cpu);

const calls = {
  // Puts a network on a device; without WebGPU on the CPU, and says so.
  async open({ configuration, file, byRecipe, device: name }) {
    playing = false;
    generation += 1;
    let notice = null;
    let opened;
    try {
      opened = await device(name);
    } catch (error) {
      notice = error.message;
      opened = await device("cpu");
    }
    const { Playground } = await module;
    const next = await Playground.open(
      JSON.stringify(configuration), file?.name, file?.bytes, Boolean(byRecipe), opened.share());
    playground?.free();
    playground = next;
    computed = { steps: 0, seconds: 0 };
    shown = true;
    const about = JSON.parse(playground.about());
    described = about;
    about.notice = notice;
    about.device = nameOf(opened);
    about.gpu = opened.is_gpu;
    about.points = playground.points();
    return about;
  },
  // Puts many networks on a device.
  async openWall({ configuration, choice, file, device: name }) {
    playing = false;
    generation += 1;
    const opened = await device(name);
    const { Wall } = await module;
    const next = await Wall.open(
      JSON.stringify(configuration), JSON.stringify(choice), file?.name, file?.bytes, opened.share());
    wall?.free();
    wall = next;
    computed = { steps: 0, seconds: 0 };
    shown = true;
    drawn = 0;
    return { ...JSON.parse(wall.about()), device: nameOf(opened) };
  },
  // Deals the rows out to folds: to score what the page trains, or to search.
  async openSearch({ kind, configuration, choice, file, device: name }) {
    playing = false;
    generation += 1;
    const opened = await device(name);
    const { [kind]: Kind } = await module;
    const next = Kind.open(
      JSON.stringify(configuration), JSON.stringify(choice), file?.name, file?.bytes, opened.share());
    search?.free();
    search = next;
    shown = true;
    drawn = 0;
    return { ...JSON.parse(search.told()), device: nameOf(opened) };
  },
  // Checks a device's kernels, and tells of each.
  async doctor({ device: name }) {
    const opened = await device(name);
    postMessage({ frame: { device: nameOf(opened) } });
    const { doctor } = await module;
    await doctor(opened.share(), (text) => postMessage({ frame: { kernel: JSON.parse(text) } }));
  },
  play({ steps }) {
    pace = steps;
    if (!playing) {
      playing = true;
      loop(generation);
    }
  },
  pace({ steps }) {
    pace = steps;
  },
  pause() {
    playing = false;
  },
  async step({ steps }) {
    playing = false;
    await advance(steps, 2000);
    return frame();
  },
  goOn() {
    playground.go_on();
  },
  frame: () => frame(),
  look({ axes: [x, y] }) {
    playground.look_along(x, y);
    const { axis, view } = JSON.parse(playground.about());
    return { axis, view, points: playground.points() };
  },
  scores: async () => JSON.parse(await playground.scores()),
  predictions: ({ rows }) => playground.predictions(rows),
  async model({ format }) {
    const model = await playground.model();
    return format === "onnx" ? (await everything()).onnx(model) : model;
  },
  table: () => playground.table(),
  predict: ({ file }) => playground.predict(file.name, file.bytes),
};

async function advance(steps, milliseconds) {
  const subject = wall ?? playground;
  const before = subject.step;
  const begun = performance.now();
  const more = await subject.advance(steps, milliseconds);
  computed.seconds += (performance.now() - begun) / 1e3;
  computed.steps += subject.step - before;
  return more;
}

// Steps a second while it computes.
function rate() {
  const own = computed.seconds > 0 ? computed.steps / computed.seconds : 0;
  if (computed.seconds > 1) computed = { steps: 0, seconds: 0 };
  return own;
}

async function wallFrame(ended) {
  await wall.draw(24);
  drawn = performance.now();
  const own = { ended, step: wall.step, rate: rate(), losses: wall.losses(), pictures: wall.pictures() };
  return { wall: own };
}

async function frame(ended = false) {
  const { widths, parameters } = described;
  const fine = parameters < 3000 ? 96 : parameters < 30000 ? 64 : 40;
  const side = parameters < 3000 ? 24 : 16;
  await playground.draw(side, fine);
  return {
    widths,
    side,
    fine,
    ended,
    step: playground.step,
    rate: rate(),
    losses: playground.losses(),
    epochs: playground.epochs(),
    validations: playground.validations(),
    recovered: lost(playground.recovered()),
    neurons: playground.neurons(),
    output: playground.output(),
    weights: playground.weights(),
    lines: playground.lines(),
  };
}

// A device that has failed is not taken again.
function lost(problem) {
  if (problem) delete devices.gpu;
  return problem;
}

// Goes on for a while. Whether there is more to do.
const part = () => (search ? search.advance(WALL_WORK) : advance(pace, wall ? WALL_WORK : WORK));
const every = () => (search ? SEARCH_FRAME : wall ? WALL_FRAME : 0);

// What the page is told.
async function told(ended) {
  if (!search) return wall ? wallFrame(ended) : frame(ended);
  drawn = performance.now();
  return { search: { ...JSON.parse(search.told()), over: ended } };
}

async function loop(own) {
  const mine = () => playing && own === generation;
  while (mine()) {
    const begun = performance.now();
    try {
      await locked(async () => {
        if (!mine()) return;
        const more = await part();
        if (!more) playing = false;
        const due = shown && performance.now() - drawn > every();
        if (due || !more) {
          shown = false;
          const next = await told(!more);
          if (own === generation) postMessage({ frame: next });
        }
      });
    } catch (error) {
      playing = false;
      postMessage({ failed: lost(error.message ?? String(error)) });
    }
    const rest = (playground ? FRAME : 0) - (performance.now() - begun);
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, rest)));
  }
}

onmessage = async ({ data: { id, call, ...rest } }) => {
  if (call === "drawn") {
    shown = true;
    return;
  }
  // What must be heard at once does not wait for its turn.
  if (call === "pause") playing = false;
  try {
    await ready;
    const result = await locked(() => calls[call](rest));
    postMessage({ id, result });
  } catch (error) {
    if (call === "frame" || call === "step") lost(error.message);
    postMessage({ id, error: error.message ?? String(error) });
  }
};
