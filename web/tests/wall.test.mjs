// The wall: many networks side by side, the best first.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browsing, finish, sound, state } from "./harness.mjs";

const site = browsing();

test("192 networks train at once, and the best can be opened", async () => {
  const page = await site.open("#steps=3000");
  await page.click("#tab-wall");
  assert.equal(await page.inputValue("#wall-count"), "192");
  await page.click("#wall-go");
  await page.waitForFunction(() => playground.wall.step >= 3000, null, { timeout: 90_000 });
  await page.waitForFunction(() => !playground.wall.running);
  const { losses, networks } = await state(page, () =>
    ({ losses: [...playground.wall.losses], networks: playground.wall.about.networks }));
  assert.equal(losses.length, 192);
  assert.equal(new Set(networks.map((own) => JSON.stringify(own))).size, 192);
  const shown = await page.$$eval(".wall-tile", (tiles) => tiles
    .toSorted((a, b) => a.style.order - b.style.order).map((tile) => Number(tile.querySelector("b").textContent)));
  assert.deepEqual(shown, shown.toSorted((a, b) => a - b), "the tiles are not sorted by loss");
  const best = losses.indexOf(Math.min(...losses));
  console.log(`best of 192: ${losses[best]} of ${JSON.stringify(networks[best])}`);
  assert.ok(losses[best] < 0.01);
  await page.click(".wall-tile.best");
  await page.waitForFunction((hidden) => playground.state.configuration.hidden.join() === hidden, networks[best].hidden.join());
  await finish(page);
  const score = await state(page, () => playground.state.scores.scores);
  const { log_loss: loss } = Object.values(score).find((own) => own?.confusion) ?? score;
  assert.ok(Math.abs(loss - losses[best]) <= 1e-3 * losses[best] + 1e-6, `opened, its loss is ${loss}, not ${losses[best]}`);
  sound(page);
});
