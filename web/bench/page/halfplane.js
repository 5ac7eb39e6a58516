// The playground's module.
import start, { Device, Playground } from "/site/halfplane.js";

const opened = {};

async function device(name) {
  await (opened.module ??= start({ module_or_path: "/site/halfplane_bg.wasm" }));
  return (opened[name] ??= name === "cpu" ? Device.cpu() : await Device.gpu());
}

function csv({ x, y, rows, inputs }) {
  const names = Array.from({ length: inputs }, (_, column) => `x${column + 1}`);
  const line = (_, row) => [...x.subarray(row * inputs, (row + 1) * inputs), y[row]].join();
  return new TextEncoder().encode([[...names, "y"].join(), ...Array.from({ length: rows }, line)].join("\n"));
}

async function open(workload, name, steps) {
  const { data, hidden, activation, optimizer, lr, batch } = workload;
  const isXor = data.rows === 4;
  const configuration = {
    data: isXor ? "xor" : "table", validation: 0, hidden, activation, optimizer, lr, steps, seed: 777,
    batch: isXor ? "full" : String(batch), target: isXor ? null : "y",
  };
  const file = isXor ? [undefined, undefined] : ["table.csv", csv(data)];
  return Playground.open(JSON.stringify(configuration), ...file, false, (await device(name)).share());
}

export async function weights(workload) {
  const playground = await open(workload, "cpu", 1);
  const { widths } = JSON.parse(playground.about());
  const expected = [workload.data.inputs, ...workload.hidden, 1];
  if (widths.join() !== expected.join()) throw new Error(`a network of ${widths} instead of ${expected}`);
  await playground.draw(2, 2);
  return playground.weights();
}

export async function train(workload, name, steps) {
  const playground = await open(workload, name, steps);
  const begun = performance.now();
  while (await playground.advance(1e9, 1e4));
  const seconds = (performance.now() - begun) / 1e3;
  return { seconds, loss: playground.losses().at(-1) };
}
