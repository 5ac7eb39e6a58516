// jax-js: a step is one jitted function of parameters, optimizer state and batch.
import { blockUntilReady, defaultDevice, init, jit, nn, numpy as np, valueAndGrad } from "@jax-js/jax";
import { batches, layers } from "./workloads.js";

const DEVICES = { cpu: "wasm", gpu: "webgpu" };

export async function train(workload, device, steps, weights) {
  const found = await init(DEVICES[device]);
  if (!found.includes(DEVICES[device])) throw new Error(`the devices are ${found}`);
  defaultDevice(DEVICES[device]);
  const { lr, batch, data: { inputs } } = workload;
  const activation = workload.activation === "relu" ? nn.relu : nn.sigmoid;
  const begin = () => layers(workload, weights).flatMap(({ inputs, units, weight, bias }) => [
    np.array(new Float32Array(weight)).reshape([units, inputs]).transpose(), np.array(new Float32Array(bias)),
  ]);
  const count = 2 * (workload.hidden.length + 1);
  const loss = (parameters, x, y) => {
    let own = x;
    for (let at = 0; at < count; at += 2) {
      const z = np.matmul(own, parameters[at]).add(parameters[at + 1]);
      own = at + 2 < count ? activation(z) : z;
    }
    // log(1 + e^z) - y z, without overflow.
    return nn.softplus(own.ref).sub(y.mul(own)).mean();
  };
  const gradients = valueAndGrad(loss);
  const sgd = jit((parameters, x, y) => {
    const [value, slopes] = gradients(parameters.map((own) => own.ref), x, y);
    return [value, parameters.map((own, at) => own.sub(slopes[at].mul(lr)))];
  });
  const [b1, b2, eps] = [0.9, 0.999, 1e-8];
  const adam = jit((parameters, means, squares, corrections, x, y) => {
    const [value, slopes] = gradients(parameters.map((own) => own.ref), x, y);
    const m = means.map((own, at) => own.mul(b1).add(slopes[at].ref.mul(1 - b1)));
    const v = squares.map((own, at) => own.mul(b2).add(np.square(slopes[at]).mul(1 - b2)));
    const [c1, c2] = corrections;
    const next = parameters.map((own, at) => {
      const step = m[at].ref.div(c1.ref).div(np.sqrt(v[at].ref.div(c2.ref)).add(eps)).mul(lr);
      return own.sub(step);
    });
    c1.dispose();
    c2.dispose();
    return [value, next, m, v];
  });
  const data = batches(workload).map(({ x, y }) => [np.array(x).reshape([batch, inputs]), np.array(y).reshape([batch, 1])]);
  const zeros = () => begin().map((own) => np.zerosLike(own));

  async function run(steps) {
    let parameters = begin();
    let [means, squares] = workload.optimizer === "adam" ? [zeros(), zeros()] : [[], []];
    let value;
    await blockUntilReady(parameters);
    const begun = performance.now();
    for (let number = 0; number < steps; number += 1) {
      const [x, y] = data[number % data.length].map((own) => own.ref);
      value?.dispose();
      if (workload.optimizer === "sgd") {
        [value, parameters] = sgd(parameters, x, y);
      } else {
        const corrections = [1 - b1 ** (number + 1), 1 - b2 ** (number + 1)].map((own) => np.array(own));
        [value, parameters, means, squares] = adam(parameters, means, squares, corrections, x, y);
      }
      // What is pending is computed by recursion: thousands of steps overflow its stack.
      if (number % 100 === 99) await blockUntilReady(parameters);
    }
    const [loss] = await value.data();
    return { seconds: (performance.now() - begun) / 1e3, loss };
  }
  // Kernels are compiled at the first steps.
  await run(2);
  return run(steps);
}
