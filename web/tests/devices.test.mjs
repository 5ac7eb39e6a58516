// Devices that are not there, or go away, and the doctor.
import assert from "node:assert/strict";
import { test } from "node:test";
import { browsing, finish, sound, state } from "./harness.mjs";

const site = browsing();

// In the worker: keeps the device that the library opens, so that it can be lost.
const keepDevice = (worker) => worker.evaluate(() => {
  const open = GPUAdapter.prototype.requestDevice;
  GPUAdapter.prototype.requestDevice = async function (...rest) {
    return (self.kept = await open.apply(this, rest));
  };
});

test("a lost device: the CPU goes on from a snapshot, and the page says so", async () => {
  const page = await site.open("#steps=100000");
  const [worker] = page.workers();
  await keepDevice(worker);
  await page.selectOption("#set-device", "gpu");
  await page.waitForFunction(() => playground.state.about.gpu && playground.state.frame?.step > 50, null, { timeout: 60_000 });
  await worker.evaluate(() => self.kept.destroy());
  await page.waitForFunction(() => !playground.state.about.gpu, null, { timeout: 60_000 });
  assert.match(await page.textContent("#notice span"), /WebGPU was lost/);
  const step = await state(page, () => playground.state.frame.step);
  await page.waitForFunction((step) => playground.state.frame.step > step + 100, step);
});

test("a device that is lost at once: the CPU begins again, and the page says so", async () => {
  const page = await site.open("#steps=100000");
  const [worker] = page.workers();
  await worker.evaluate(() => {
    const open = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...rest) {
      const device = await open.apply(this, rest);
      // Once its buffers are made.
      setTimeout(() => device.destroy(), 50);
      return device;
    };
  });
  await page.selectOption("#set-device", "gpu");
  await page.waitForFunction(() => !document.getElementById("notice").hidden, null, { timeout: 60_000 });
  assert.match(await page.textContent("#notice span"), /WebGPU|CPU/);
  await page.waitForFunction(() => !playground.state.about.gpu && playground.state.frame?.step > 100, null, { timeout: 60_000 });
});

test("without WebGPU the CPU trains, and the page says so", async () => {
  const page = await site.open();
  const [worker] = page.workers();
  await worker.evaluate(() => Object.defineProperty(Navigator.prototype ?? WorkerNavigator.prototype, "gpu", { value: undefined }))
    .catch(() => worker.evaluate(() => Object.defineProperty(WorkerNavigator.prototype, "gpu", { value: undefined })));
  await page.selectOption("#set-device", "gpu");
  await page.waitForSelector("#notice:not([hidden])");
  assert.match(await page.textContent("#notice span"), /The CPU trains instead: this browser has no WebGPU/);
  await finish(page);
  assert.equal(await state(page, () => playground.state.about.gpu), false);
  sound(page);
});

test("the doctor's first kernels agree with their twins", async () => {
  const page = await site.open();
  await page.click("#tab-doctor");
  await page.click("#doctor-go");
  await page.waitForFunction(() => playground.doctor.kernels.length >= 2, null, { timeout: 90_000 });
  const kernels = await state(page, () => playground.doctor.kernels);
  assert.ok(kernels.every((own) => own.passed > 0 && own.failed === 0), JSON.stringify(kernels));
  assert.match(await page.textContent("#doctor-says"), /WebGPU.*0 do not/);
  await page.click("#doctor-go");
  assert.equal(await page.textContent("#doctor-go"), "Check every kernel");
  sound(page);
});
