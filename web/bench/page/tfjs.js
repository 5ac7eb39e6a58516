// TensorFlow.js: its layers' mathematics by hand, so that weights and losses are the same.
import { batches, layers } from "./workloads.js";

const BACKENDS = { cpu: "cpu", gpu: "webgpu" };

export async function train(workload, device, steps, weights) {
  const { tf } = globalThis;
  await tf.setBackend(BACKENDS[device]);
  await tf.ready();
  if (tf.getBackend() !== BACKENDS[device]) throw new Error(`the backend is ${tf.getBackend()}`);
  const own = layers(workload, weights).map(({ inputs, units, weight, bias }) => [
    tf.variable(tf.tensor2d(weight, [units, inputs]).transpose()), tf.variable(tf.tensor1d(bias)),
  ]);
  const data = batches(workload).map(({ x, y }) => [
    tf.tensor2d(x, [workload.batch, workload.data.inputs]), tf.tensor2d(y, [workload.batch, 1]),
  ]);
  const { lr, optimizer: name } = workload;
  const optimizer = () => (name === "sgd" ? tf.train.sgd(lr) : tf.train.adam(lr, 0.9, 0.999, 1e-8));
  const activation = workload.activation === "relu" ? tf.relu : tf.sigmoid;
  const forward = (x) => own.reduce((y, [weight, bias], layer) => {
    const z = y.matMul(weight).add(bias);
    return layer + 1 < own.length ? activation(z) : z;
  }, x);
  const step = (by, number, keep) => by.minimize(() => {
    const [x, y] = data[number % data.length];
    return tf.losses.sigmoidCrossEntropy(y, forward(x));
  }, keep);
  // Kernels are compiled at the first step: weights go back after it.
  const before = own.flat().map((variable) => variable.clone());
  await step(optimizer(), 0, true).data();
  own.flat().forEach((variable, number) => variable.assign(before[number]));
  const fresh = optimizer();
  const begun = performance.now();
  let loss;
  for (let number = 0; number < steps; number += 1) {
    const value = step(fresh, number, number + 1 === steps);
    if (value) [loss] = await value.data();
  }
  const seconds = (performance.now() - begun) / 1e3;
  tf.disposeVariables();
  return { seconds, loss };
}
