// The wall: many networks, each a little picture of what it predicts, the best first.
import { outputColour, paper } from "./colours.js";
import { Engine } from "./engine.js";
import { steps } from "./link.js";
import { make } from "./make.js";
import { short, t, whole } from "./texts.js";

const SIDE = 24;
const SHAPES = [[2], [4], [8], [4, 4], [8, 4], [8, 8]];
const RATES = { sgd: [0.1, 0.3, 1, 3], adam: [0.001, 0.003, 0.01, 0.03], adamw: [0.001, 0.003, 0.01, 0.03] };
const COUNTS = [24, 96, 192, 480, 960];

export class Wall {
  #root;
  #state; // The page's state: configuration, device and file.
  #open; // Opens one network.
  #engine = null;
  #tiles = [];
  #parts = {};
  count = 192;
  about = null;
  losses = [];
  step = 0;
  running = false;

  constructor(root, state, open) {
    [this.#root, this.#state, this.#open] = [root, state, open];
  }

  // The wall has a worker of its own, which begins where the wall is first seen.
  show() {
    this.#engine ??= this.#listening(new Engine());
    this.#build();
  }

  #listening(engine) {
    engine.onframe = (frame) => {
      requestAnimationFrame(() => {
        this.#draw(frame);
        engine.drawn();
      });
    };
    engine.onfailed = (message) => (this.#parts.says.textContent = message);
    return engine;
  }

  hide() {
    if (this.running) this.pause();
  }

  #build() {
    const head = make("section", "card wall-head");
    const count = make("select");
    count.id = "wall-count";
    for (const number of COUNTS) {
      count.add(new Option(t("wall.count", { count: number }), number, false, number === this.count));
    }
    count.addEventListener("change", () => (this.count = Number(count.value)));
    const go = make("button", "button first", t("wall.go"));
    go.id = "wall-go";
    go.addEventListener("click", () => (this.running ? this.pause() : this.#resume()));
    const anew = make("button", "button", t("wall.anew"));
    anew.id = "wall-anew";
    anew.addEventListener("click", () => this.start());
    const words = make("div", "wall-words");
    words.append(make("h2", "", t("wall")), make("p", "hint", t("wall.more")));
    const says = make("p", "hint");
    says.id = "wall-says";
    const track = make("div", "track");
    const done = make("div");
    track.append(done);
    const controls = make("div", "wall-controls");
    controls.append(count, go, anew);
    head.append(words, controls, track, says);
    const grid = make("section", "tiles-wall");
    grid.id = "wall-grid";
    this.#root.replaceChildren(head, grid);
    this.#parts = { go, says, done, grid };
    this.#tiles = [];
    if (this.about) this.#fill();
    this.#label();
  }

  #resume() {
    if (!this.about || this.step >= this.total) return this.start();
    this.running = true;
    this.#engine.call("play", { steps: 1e9 });
    this.#label();
  }

  pause() {
    this.running = false;
    this.#engine.call("pause");
    this.#label();
  }

  get total() {
    return steps(this.#state.configuration, this.#state.about);
  }

  // Trains as many networks as are asked for, from the configuration of the page.
  async start() {
    const { configuration, device, file } = this.#state;
    const rates = RATES[configuration.optimizer];
    const seeds = this.count / (SHAPES.length * rates.length);
    const table = configuration.data === "table" ? file : null;
    if (table?.parquet) this.#engine.become("all");
    try {
      this.about = await this.#engine.call("openWall", {
        configuration, file: table, device, choice: { shapes: SHAPES, rates, seeds },
      });
    } catch (error) {
      this.#parts.says.textContent = error.message;
      return;
    }
    [this.losses, this.step, this.running] = [[], 0, true];
    this.#fill();
    this.#engine.call("play", { steps: 1e9 });
    this.#label();
  }

  #label() {
    this.#parts.go.textContent = t(this.running ? "wall.pause" : this.step > 0 ? "wall.on" : "wall.go");
  }

  #fill() {
    this.#tiles = this.about.networks.map((network) => {
      const tile = make("button", "wall-tile");
      const canvas = make("canvas");
      canvas.width = canvas.height = SIDE;
      const loss = make("b", "", "…");
      const shape = make("span", "", `${network.hidden.join("-")} · ${short(network.lr)}`);
      tile.append(canvas, loss, shape);
      tile.title = t("wall.tile", { hidden: network.hidden.join("-"), lr: short(network.lr), seed: network.seed });
      tile.addEventListener("click", () => this.#open(network));
      return { tile, canvas, loss };
    });
    this.#parts.grid.replaceChildren(...this.#tiles.map(({ tile }) => tile));
  }

  #draw({ wall }) {
    if (!wall || wall.losses.length !== this.#tiles.length) return;
    const ground = paper().paper;
    const known = new Map();
    const size = SIDE * SIDE;
    this.losses = wall.losses;
    this.step = wall.step;
    this.#tiles.forEach(({ canvas, loss }, number) => {
      loss.textContent = short(wall.losses[number]);
      if (wall.pictures.length === 0) return;
      const context = canvas.getContext("2d");
      const image = context.createImageData(SIDE, SIDE);
      for (let point = 0; point < size; point += 1) {
        const at = 2 * (number * size + point);
        const key = (wall.pictures[at] << 8) | wall.pictures[at + 1];
        let colour = known.get(key);
        if (!colour) known.set(key, (colour = outputColour(key >> 8, key & 255, ground)));
        image.data[4 * point] = colour[0];
        image.data[4 * point + 1] = colour[1];
        image.data[4 * point + 2] = colour[2];
        image.data[4 * point + 3] = 255;
      }
      context.putImageData(image, 0, 0);
    });
    // Places change by style alone, so that who has the keyboard keeps it.
    const rank = (loss) => (Number.isFinite(loss) ? loss : Infinity);
    const order = [...wall.losses.keys()].sort((a, b) => rank(wall.losses[a]) - rank(wall.losses[b]));
    order.forEach((number, place) => {
      this.#tiles[number].tile.style.order = place;
      this.#tiles[number].tile.classList.toggle("best", place === 0);
    });
    if (wall.ended) this.running = false;
    this.#parts.done.style.width = `${Math.min(100, (100 * wall.step) / this.total)}%`;
    this.#parts.says.textContent = t("wall.says", {
      count: this.#tiles.length, device: this.about.device, step: whole(wall.step), of: whole(this.total),
      rate: whole(wall.rate * this.#tiles.length), best: short(wall.losses[order[0]]),
      which: t(this.about.heldOut ? "wall.held" : "wall.train"),
    });
    this.#label();
  }
}
