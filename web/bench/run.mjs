// The playground's module beside TensorFlow.js and jax-js, in one browser, in turn: seconds of a step, as ratios.
// Each program's last loss is held to the others' first.
//
//   web/build.sh && npm ci --prefix web/tests && npm ci --prefix web/bench
//   node web/bench/run.mjs [--devices cpu,gpu] [--rounds 3]
//
// SITE names another folder than target/web/site, BROWSER another browser than /usr/bin/chromium. Slow pairs take
// fewer steps. WebGPU runs on SwiftShader, a software adapter, unless BROWSER_FLAGS says otherwise.
import { launch } from "../tests/browser.mjs";
import { serve } from "../tests/serve.mjs";

const option = (name, standard) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? standard : process.argv[at + 1];
};
const here = (path) => new URL(path, import.meta.url).pathname;
const devices = option("devices", "cpu,gpu").split(",");
const rounds = Number(option("rounds", 3));
const PROGRAMS = ["halfplane", "tfjs", "jax"];
// Steps where a program is slow; all of a workload's otherwise.
const FEWER = { cpu: { tfjs: { xor: 2000, wide: 2000, table: 40 }, jax: { xor: 2000, wide: 2000 } }, gpu: { tfjs: { xor: 300, wide: 200, table: 40 }, jax: { xor: 300, wide: 200, table: 40 } } };

const { url, server } = await serve(here("page"), {
  site: process.env.SITE ?? here("../../target/web/site"),
  npm: here("node_modules"),
});
const browser = await launch();
// A page of its own for each training: none has another's memory.
async function train(...words) {
  const page = await browser.newPage();
  try {
    await page.goto(url);
    await page.waitForFunction(() => window.ready);
    return await page.evaluate((words) => window.train(...words), words);
  } finally {
    await page.close();
  }
}
const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];
const micros = (seconds) => `${(1e6 * seconds).toPrecision(3)} µs`;

console.log("| device | workload | halfplane | TensorFlow.js | jax-js | of TensorFlow.js' time | of jax-js' |\n|---|---|---|---|---|---|---|");
for (const device of devices) {
  for (const workload of ["xor", "wide", "table"]) {
    const times = Object.fromEntries(PROGRAMS.map((program) => [program, []]));
    const problems = {};
    for (let round = 0; round < rounds; round += 1) {
      for (const program of PROGRAMS.filter((own) => !problems[own])) {
        const steps = FEWER[device]?.[program]?.[workload];
        try {
          const own = await train(program, workload, device, steps);
          // A table's rows come in another order here.
          const expected = await train("halfplane", workload, "cpu", steps);
          const most = workload === "table" ? 0.3 : 0.01;
          if (!(Math.abs(own.loss / expected.loss - 1) < most)) {
            throw new Error(`a loss of ${own.loss} instead of ${expected.loss}`);
          }
          times[program].push(own.step);
        } catch (error) {
          problems[program] = error.message.split("\n")[0];
        }
      }
    }
    const of = Object.fromEntries(PROGRAMS.map((program) => [program, median(times[program])]));
    const cells = PROGRAMS.map((program) => problems[program] ?? micros(of[program]));
    const ratios = ["tfjs", "jax"].map((peer) => (problems[peer] ? "" : `1/${(of[peer] / of.halfplane).toFixed(1)}`));
    console.log(`| ${device} | ${workload} | ${[...cells, ...ratios].join(" | ")} |`);
  }
}
await browser.close();
server.close();
