// Trains by one program at a time; run.mjs asks.
import * as halfplane from "./halfplane.js";
import { WORKLOADS } from "./workloads.js";

const weights = {};

// Seconds of a step, and the last step's loss.
window.train = async (program, workload, device, steps) => {
  const own = WORKLOADS[workload];
  weights[workload] ??= await halfplane.weights(own);
  const { train } = await import(`./${program}.js`);
  const { seconds, loss } = await train(own, device, steps ?? own.steps, weights[workload]);
  return { step: seconds / (steps ?? own.steps), loss };
};
window.ready = true;
