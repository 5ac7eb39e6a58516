// What is trained. All programs begin with the same weights; rows and batches are the same, too, but for the
// order of a table's rows.

// Numbers that are the same in every browser.
function* uniform(state) {
  for (;;) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    yield state / 2 ** 32;
  }
}

// 480 rows of 64 numbers: is the sum of some of them, of the product of two, positive?
function table() {
  const numbers = uniform(7);
  const [rows, inputs] = [480, 64];
  const x = new Float32Array(rows * inputs).map(() => 2 * numbers.next().value - 1);
  const y = Float32Array.from({ length: rows }, (_, row) => {
    const own = x.subarray(row * inputs, (row + 1) * inputs);
    return Number(own[0] + own[1] + own[2] + 2 * own[3] * own[4] > 0);
  });
  return { x, y, rows, inputs };
}

const XOR = { x: new Float32Array([0, 0, 0, 1, 1, 0, 1, 1]), y: new Float32Array([0, 1, 1, 0]), rows: 4, inputs: 2 };

export const WORKLOADS = {
  xor: { data: XOR, hidden: [2], activation: "sigmoid", optimizer: "sgd", lr: 1, batch: 4, steps: 10001 },
  wide: { data: XOR, hidden: [10, 10, 10], activation: "sigmoid", optimizer: "sgd", lr: 1, batch: 4, steps: 10001 },
  table: { data: table(), hidden: [128, 64], activation: "relu", optimizer: "adam", lr: 0.001, batch: 120, steps: 400 },
};

// The layers of a network: inputs, units, weights [units, inputs] and biases.
export function layers({ data, hidden }, weights) {
  const widths = [data.inputs, ...hidden, 1];
  let at = 0;
  return widths.slice(1).map((units, below) => {
    const inputs = widths[below];
    const weight = weights.slice(at, (at += units * inputs));
    const bias = weights.slice(at, (at += units));
    return { inputs, units, weight, bias };
  });
}

// The rows of a batch.
export function batches({ data: { x, y, rows, inputs }, batch }) {
  return Array.from({ length: rows / batch }, (_, number) => ({
    x: x.slice(number * batch * inputs, (number + 1) * batch * inputs),
    y: y.slice(number * batch, (number + 1) * batch),
  }));
}
