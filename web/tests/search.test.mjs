// Cross-validation and searches in the tab: the same numbers and the same best point as the command line's.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browsing, near, PROGRAM, REPOSITORY, sound, state } from "./harness.mjs";

const site = browsing();
const PENGUINS = `${REPOSITORY}tests/data/penguins.csv`;

// Opens a table and the tab.
async function opened(path, settings = {}, device = "cpu") {
  const page = await site.open();
  await page.setInputFiles("#file", path);
  await page.waitForFunction(() => playground.state.configuration.data === "table" && playground.state.frame);
  if (path === PENGUINS) {
    await page.selectOption("#target", "species");
    await page.waitForFunction(() => playground.state.about.target === "species");
  }
  // What trains in the first tab is in the way.
  await page.evaluate(() => playground.state.playing && document.getElementById("play").click());
  for (const [id, value] of Object.entries(settings)) {
    await page.fill(`#set-${id}`, value);
    await page.dispatchEvent(`#set-${id}`, "change");
    await page.waitForFunction(([key, own]) => String(playground.state.configuration[key]) === own, [id, value]);
  }
  if (device !== "cpu") await page.selectOption("#set-device", device);
  await page.click("#tab-search");
  return page;
}

async function fill(page, fields) {
  for (const [id, value] of Object.entries(fields)) {
    if (await page.$(`select#${id}`)) await page.selectOption(`#${id}`, value);
    else await page.fill(`#${id}`, value);
  }
}

// The command that the page shows, run where its table lies.
function commanded(command, ...more) {
  const text = `${command.replaceAll("\\\n", " ").replace(/^halfplane/, '"$PROGRAM"')} ${more.join(" ")}`;
  const { stdout, stderr, status } = spawnSync("sh", ["-c", text], {
    cwd: site.folder, env: { ...process.env, PROGRAM }, encoding: "utf8",
  });
  return { stdout, stderr: stderr.trim(), status };
}

const ended = (page, which) => page.waitForFunction((own) => playground.search[own].ended, which, { timeout: 120_000 });

for (const patience of ["", "8"]) {
  test(`folds are scored as \`halfplane cv\` scores them${patience && ", stopped early, too"}`, async () => {
    writeFileSync(join(site.folder, "penguins.csv"), readFileSync(PENGUINS));
    const page = await opened(PENGUINS, { epochs: "20" });
    await fill(page, { "cv-patience": patience });
    await page.click("#cv-go");
    await ended(page, "cv");
    const here = await state(page, () => playground.search.cv.told);
    const command = await page.textContent("#cv-command");
    assert.match(command, /^halfplane cv penguins\.csv /);
    const there = JSON.parse(commanded(command, "--json", "--quiet").stdout);
    console.log(`penguins: ${here.mean} ± ${here.standardError}, the command line ${there.mean} ± ${there.standard_error}`);
    assert.deepEqual(here.rows, there.fold_rows);
    assert.equal(here.metric, there.metric);
    there.folds.forEach((score, fold) => near(here.scores[fold], score, 1e-9, `fold ${fold + 1}`));
    near(here.mean, there.mean, 1e-9, "the mean");
    near(here.standardError, there.standard_error, 1e-9, "its error");
    assert.equal(await page.locator("#cv-results tr").count(), 6);
    sound(page);
    await page.context().close();
  });
}

test("numbers are scored, too: R² to rounding", async () => {
  const path = `${REPOSITORY}tests/data/diabetes.csv`;
  writeFileSync(join(site.folder, "diabetes.csv"), readFileSync(path));
  const page = await opened(path, { epochs: "10" });
  await fill(page, { "cv-folds": "3" });
  await page.click("#cv-go");
  await ended(page, "cv");
  const here = await state(page, () => playground.search.cv.told);
  const there = JSON.parse(commanded(await page.textContent("#cv-command"), "--json", "--quiet").stdout);
  console.log(`diabetes: ${here.scores}, the command line ${there.folds}`);
  there.folds.forEach((score, fold) => near(here.scores[fold], score, 1e-4, `fold ${fold + 1}`));
  sound(page);
  await page.context().close();
});

for (const [sampler, pruning] of [["auto", "auto"], ["tpe", "on"]]) {
  test(`a search finds the same point as \`halfplane sweep\`: sampler ${sampler}, halving ${pruning}`, async () => {
    writeFileSync(join(site.folder, "penguins.csv"), readFileSync(PENGUINS));
    const page = await opened(PENGUINS, { epochs: "18" });
    const space = sampler === "auto"
      ? { "search-hidden": "4|16,8", "search-lr": "0.003|0.0001", "search-weight-decay": "0.01", "search-dropout": "" }
      : { "search-hidden": "taper:1..2x4..16", "search-lr": "1e-4..3e-2" };
    await fill(page, { ...space, "search-trials": "12", "search-sampler": sampler, "search-pruning": pruning, "search-folds": "3" });
    await page.click("#search-go");
    await ended(page, "trials");
    const here = await state(page, () => playground.search.trials.told);
    const command = await page.textContent("#search-command");
    assert.match(command, /^halfplane sweep penguins\.csv /);
    const { stdout, stderr } = commanded(command, "--json", "--quiet", "--output", `sweep-${sampler}`);
    assert.ok(stdout, stderr);
    const there = JSON.parse(stdout);
    const [best] = here.best;
    console.log(`${sampler}: ${JSON.stringify(best)}, the command line ${JSON.stringify(there)}`);
    assert.equal(here.trials, there.trials);
    assert.equal(here.best.length, there.complete);
    assert.equal(best.trial, there.trial);
    assert.deepEqual(best.parameters, there.parameters);
    assert.equal(best.epochs, there.epochs);
    near(best.score, there.mean, 1e-6, "the best score");

    // One click trains it on all rows.
    await page.click("#search-take");
    await page.waitForFunction(() => playground.state.configuration.validation === 0 && playground.state.about.validationRows === 0);
    const { configuration } = await state(page, () => ({ configuration: playground.state.configuration }));
    assert.equal(configuration.hidden.join(), String(there.parameters.hidden));
    assert.equal(configuration.lr, there.parameters.lr);
    assert.equal(configuration.epochs, there.epochs);
    assert.equal(configuration.optimizer, "adamw");
    sound(page);
    await page.context().close();
  });
}

test("on WebGPU folds and trials are trained side by side, and end where those of the CPU end", async () => {
  writeFileSync(join(site.folder, "penguins.csv"), readFileSync(PENGUINS));
  const page = await opened(PENGUINS, { epochs: "3" }, "gpu");
  const onCpu = async (id, ...more) => {
    const command = (await page.textContent(id)).replace(/--device \w+/, "--device cpu");
    const { stdout, stderr } = commanded(command, "--json", "--quiet", ...more);
    assert.ok(stdout, stderr);
    return JSON.parse(stdout);
  };
  await fill(page, { "cv-folds": "2" });
  await page.click("#cv-go");
  await ended(page, "cv");
  const scored = await state(page, () => ({ ...playground.search.cv.told, device: playground.search.cv.device }));
  assert.match(scored.device, /WebGPU/);
  const { folds } = await onCpu("#cv-command");
  console.log(`penguins on ${scored.device}: ${scored.scores}, the command line ${folds}`);
  // Two devices round in their own ways, which may decide about some of 172 rows.
  folds.forEach((score, fold) => near(scored.scores[fold], score, 0.02, `fold ${fold + 1}`));

  await fill(page, {
    "search-hidden": "4|16,8", "search-lr": "0.01", "search-weight-decay": "0.01", "search-dropout": "0.1",
    "search-trials": "2", "search-sampler": "grid", "search-pruning": "off", "search-folds": "2",
  });
  await page.click("#search-go");
  await ended(page, "trials");
  const { best, device } = await state(page, () => ({
    ...playground.search.trials.told, device: playground.search.trials.device,
  }));
  assert.match(device, /WebGPU/);
  const there = await onCpu("#search-command", "--output", "sweep-webgpu");
  console.log(`${JSON.stringify(best)}, the command line ${JSON.stringify(there)}`);
  assert.equal(best.length, 2);
  near(best[0].score, there.mean, 0.02, "the best score");
  sound(page);
  await page.context().close();
});

test("a pause is heard at once, and the search goes on", async () => {
  const page = await opened(PENGUINS);
  await fill(page, { "search-trials": "200", "search-sampler": "random" });
  await page.click("#search-go");
  await page.waitForFunction(() => playground.search.trials.told?.due.done > 1, null, { timeout: 30_000 });
  const heard = await page.evaluate(async () => {
    const times = [];
    for (let time = 0; time < 5; time += 1) {
      const begun = performance.now();
      await playground.search.pause();
      times.push(performance.now() - begun);
      document.getElementById("search-go").click();
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    return times;
  });
  console.log(`pauses were heard after ${heard.map((own) => own.toFixed(0))} ms`);
  assert.ok(heard.toSorted((a, b) => a - b)[2] < 100, `heard after ${heard} ms`);
  assert.equal(await page.textContent("#search-go"), "Pause");
  const before = await state(page, () => playground.search.trials.told);
  await page.waitForFunction((done) => playground.search.trials.told.trials > 0 || playground.search.trials.told.due.done > done, before.due.done);
  await page.click("#search-go");
  await page.waitForFunction(() => !playground.search.trials.running);
  const stopped = await state(page, () => playground.search.trials.told.due.done);
  await page.waitForTimeout(400);
  near(await state(page, () => playground.search.trials.told.due.done), stopped, 3, "networks done after the pause");
  // The other card takes the worker.
  await page.click("#cv-go");
  await page.waitForFunction(() => playground.search.cv.told?.done > 0, null, { timeout: 30_000 });
  assert.equal(await page.textContent("#search-go"), "Search");
  await page.click("#cv-go");
  sound(page);
  await page.context().close();
});

test("what cannot be dealt out or searched is refused in the command line's words", async () => {
  writeFileSync(join(site.folder, "few.csv"), "a,b,y\n1,2,0\n2,1,1\n3,5,0\n4,4,1\n5,2,0\n6,1,1\n");
  const page = await opened(join(site.folder, "few.csv"));
  const last = (text) => text.split("\n").at(-1).replace(/^error: /, "");
  await fill(page, { "cv-folds": "10", "search-folds": "10" });
  for (const which of ["cv", "search"]) {
    await page.click(`#${which}-go`);
    await page.waitForSelector(`#${which}-says.fault`);
    const { stderr, status } = commanded(await page.textContent(`#${which}-command`));
    assert.notEqual(status, 0);
    assert.equal(await page.textContent(`#${which}-says`), last(stderr));
  }
  await fill(page, { "search-folds": "2", "search-lr": "0.1..0.01" });
  await page.click("#search-go");
  await page.waitForFunction(() => /0\.1/.test(document.getElementById("search-says").textContent));
  const { stderr } = commanded(await page.textContent("#search-command"));
  assert.equal(await page.textContent("#search-says"), last(stderr));
  await fill(page, { "search-lr": "0.01", "search-hidden": "8", "search-weight-decay": "", "search-dropout": "" });
  await page.click("#search-go");
  await page.waitForFunction(() => /nothing to search/.test(document.getElementById("search-says").textContent));
  sound(page);
  await page.context().close();
});

test("samples are scored, and the lecture's four points are not", async () => {
  const page = await site.open("#data=moons&noise=0.2&points=200&hidden=6&activation=tanh&optimizer=adam&lr=0.01&batch=32&steps=300");
  await page.evaluate(() => playground.state.playing && document.getElementById("play").click());
  writeFileSync(join(site.folder, "moons.csv"), await page.evaluate(() => playground.engine.call("table")));
  await page.click("#tab-search");
  await page.click("#cv-go");
  await ended(page, "cv");
  const here = await state(page, () => playground.search.cv.told);
  const there = JSON.parse(commanded(await page.textContent("#cv-command"), "--json", "--quiet").stdout);
  there.folds.forEach((score, fold) => near(here.scores[fold], score, 1e-9, `fold ${fold + 1}`));
  await page.click("#tab-train");
  await page.click('[data-sample="xor"]');
  await page.waitForFunction(() => playground.state.configuration.data === "xor");
  await page.click("#tab-search");
  await page.click("#cv-go");
  await page.waitForSelector("#cv-says.fault");
  assert.match(await page.textContent("#cv-says"), /^the built-in xor has 4 rows, of which none can be left out; /);
  sound(page);
  await page.context().close();
});
