// The lecture's two networks, on the CPU and on WebGPU: the numbers that the page shows beside those
// that the lecture prints.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browsing, finish, near, sound, state } from "./harness.mjs";

const site = browsing();

// As the library's own tests allow: early losses to 1e-6, late ones to what the printed digits are good
// for, since the way down magnifies the last bit.
const NETWORKS = [
  { name: "2-2-1", late: 1e-5, output: [2e-8, 0] },
  { name: "2-10-10-10-1", late: 5e-3, output: [0, 5e-3] },
];

for (const device of ["cpu", "gpu"]) {
  for (const { name, late, output: [absolute, relative] } of NETWORKS) {
    test(`${name} on ${device}`, async () => {
      const page = await site.open();
      await page.click(`#lecture-choice button:text-is("${name}")`);
      await page.waitForFunction((name) => playground.state.about.widths.join("-") === name, name);
      if (device === "gpu") {
        await page.selectOption("#set-device", "gpu");
        await page.waitForFunction(() => playground.state.about.gpu, null, { timeout: 60_000 });
      }
      await finish(page, 120_000);
      await page.waitForFunction(() => !document.getElementById("lecture-table").textContent.includes("…"));
      const rows = await page.$$eval("#lecture-table tr", (rows) =>
        rows.slice(1).map((row) => [...row.cells].map((cell) => cell.textContent)));
      assert.equal(rows.length, 7 + 4);
      for (const [what, printed, here] of rows) {
        const expected = Number(printed);
        const step = Number(what.match(/step (\d+)/)?.[1] ?? NaN);
        const most = Number.isNaN(step) ? absolute + relative * Math.min(expected, 1 - expected) + 1e-9
          : step < 9800 ? 1e-6 * (1 + expected) : late * expected;
        near(Number(here), expected, most, `${name} on ${device}, ${what}`);
      }
      assert.equal(await state(page, () => playground.state.frame.step), 10_001);
      const name_ = await page.textContent("#device-name");
      assert.match(name_, device === "gpu" ? /WebGPU/ : /CPU/);
      console.log(`${name} on ${name_}: loss ${rows[6][2]}`);
      sound(page);
      await page.context().close();
    });
  }
}
