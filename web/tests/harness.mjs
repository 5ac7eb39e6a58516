// What the tests share: the site on localhost, a browser, a page that is watched.
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { launch } from "./browser.mjs";
import { serve } from "./serve.mjs";

export const SITE = process.env.SITE ?? assert.fail("SITE names the folder with the built site");
export const PROGRAM = process.env.HALFPLANE ?? assert.fail("HALFPLANE names the program");
export const REPOSITORY = new URL("../../", import.meta.url).pathname;

// A browser for the tests of a file. Each page is opened by `open`, which returns it once it trains.
export function browsing() {
  const own = { url: "", folder: mkdtempSync(join(tmpdir(), "halfplane-web-")) };
  let browser;
  let server;
  before(async () => {
    ({ url: own.url, server } = await serve(SITE));
    browser = await launch();
  });
  after(async () => {
    await browser?.close();
    server?.close();
  });
  own.open = async (fragment = "", context = {}, before = null) => {
    const page = await (await browser.newContext({ acceptDownloads: true, locale: "en-US", ...context })).newPage();
    page.faults = [];
    page.requests = [];
    page.on("pageerror", (error) => page.faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && page.faults.push(message.text()));
    page.dialogs = [];
    page.on("dialog", (dialog) => {
      page.dialogs.push(dialog.message());
      dialog.dismiss();
    });
    page.on("request", (request) => page.requests.push(request.url()));
    if (before) await page.addInitScript(before);
    await page.goto(own.url + fragment);
    await page.waitForFunction(() => window.playground?.state.frame);
    return page;
  };
  return own;
}

// Trains to the end as fast as it goes.
export async function finish(page, timeout = 60_000) {
  await page.evaluate(() => {
    const slider = document.getElementById("speed");
    slider.value = slider.max;
    slider.dispatchEvent(new Event("input"));
  });
  // At once: a page that begins by itself between a look and a click would be paused by the click.
  await page.evaluate(() => {
    if (!playground.state.playing && !playground.state.ended) document.getElementById("play").click();
  });
  await page.waitForFunction(() => playground.state.ended, null, { timeout });
}

export const state = (page, read) => page.evaluate(read);

export function near(found, expected, most, what) {
  assert.ok(Math.abs(found - expected) <= most, `${what}: ${found} is not ${expected} ± ${most}`);
}

export function sound(page) {
  assert.deepEqual(page.faults, [], "the page reports faults");
  assert.deepEqual(page.dialogs, [], "the page asks");
}
