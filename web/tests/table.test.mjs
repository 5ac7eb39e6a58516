// A table of one's own: dropped, trained on, and taken to the command line.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { browsing, finish, near, PROGRAM, REPOSITORY, sound, state } from "./harness.mjs";

const site = browsing();
const PENGUINS = `${REPOSITORY}tests/data/penguins.csv`;

const dropped = async (page, path) => {
  await page.setInputFiles("#file", path);
  // It is opened with the library's recipe for it, and trains.
  await page.waitForFunction(() => playground.state.configuration.data === "table" && playground.state.configuration.epochs
    && (playground.state.playing || playground.state.ended));
};

async function download(page, button) {
  const [file] = await Promise.all([page.waitForEvent("download"), page.click(button)]);
  const path = join(site.folder, `${Math.random().toString(36).slice(2)}-${file.suggestedFilename()}`);
  await file.saveAs(path);
  return path;
}

// Numbers and words of a table of predictions.
const cells = (text) => text.trim().split("\n").map((line) => line.split(","));

test("a dropped table trains, and its model predicts the same in the command line", async () => {
  const page = await site.open();
  await dropped(page, PENGUINS);
  await page.selectOption("#target", "species");
  await page.waitForFunction(() => playground.state.about.target === "species" && (playground.state.playing || playground.state.ended));
  // The columns are understood as the command line understands them.
  const said = await page.textContent("#table-said");
  const inspected = spawnSync(PROGRAM, ["inspect", PENGUINS, "--target", "species"], { encoding: "utf8" });
  for (const word of ["standardised", "one-hot"]) {
    assert.ok(said.includes(word), `the page says ${said}`);
    assert.ok(`${inspected.stdout}${inspected.stderr}`.length > 0);
  }
  await finish(page);
  const { scores, heldOut } = await state(page, () => playground.state.scores);
  assert.ok(heldOut);
  const { accuracy } = Object.values(scores).find((own) => own?.confusion) ?? scores;
  console.log(`penguins: accuracy ${accuracy}`);
  assert.ok(accuracy > 0.9, `accuracy ${accuracy}`);
  assert.equal(await page.locator(".confusion td").count(), 9);

  // Two other columns to look along.
  await page.selectOption("#look-1", { index: 3 });
  await page.waitForFunction(() => playground.state.about.axis[1] === 3);

  await page.click("#tab-take");
  const model = await download(page, "#take-safetensors");
  const here = cells(readFileSync(await download(page, "#take-predictions"), "utf8"));
  const there = cells(execFileSync(PROGRAM, ["predict", model, PENGUINS], { encoding: "utf8" }));
  assert.equal(here.length, there.length);
  assert.deepEqual(here[0], there[0]);
  let worst = 0;
  for (let row = 1; row < here.length; row += 1) {
    here[row].forEach((cell, column) => {
      if (Number.isNaN(Number(cell))) assert.equal(cell, there[row][column], `row ${row}`);
      else worst = Math.max(worst, Math.abs(Number(cell) - Number(there[row][column])));
    });
  }
  console.log(`penguins: predictions differ by ${worst} at most`);
  assert.ok(worst <= 1e-6, `predictions differ by ${worst}`);

  // The ONNX graph is the one that the command line makes of the model.
  const onnx = await download(page, "#take-onnx");
  const own = join(site.folder, "own.onnx");
  execFileSync(PROGRAM, ["export", model, own]);
  assert.ok(readFileSync(onnx).equals(readFileSync(own)), "the ONNX graphs differ");
  const report = readFileSync(await download(page, "#take-report"), "utf8");
  assert.match(report, /accuracy/);
  sound(page);
});

test("the command line that is shown trains the same network", async () => {
  const page = await site.open("#data=moons&noise=0.2&hidden=6,4&activation=tanh&optimizer=adam&lr=0.01&batch=32&steps=600&l2=0.0001");
  await finish(page);
  await page.click("#tab-take");
  const table = readFileSync(await download(page, "#take-table"), "utf8");
  writeFileSync(join(site.folder, "moons.csv"), table);
  const command = (await page.textContent("#take-command")).replaceAll("\\\n", " ");
  assert.match(command, /^halfplane train moons\.csv /);
  execFileSync("sh", ["-c", command.replace(/^halfplane/, '"$PROGRAM"')], {
    cwd: site.folder, env: { ...process.env, PROGRAM }, stdio: "pipe",
  });
  const model = await download(page, "#take-safetensors");
  const predicted = (path) => cells(execFileSync(PROGRAM, ["predict", path, "moons.csv"], { cwd: site.folder, encoding: "utf8" }));
  const [here, there] = [predicted(model), predicted("model.safetensors")];
  let worst = 0;
  for (let row = 1; row < here.length; row += 1) worst = Math.max(worst, Math.abs(here[row][0] - there[row][0]));
  console.log(`the same command line: predictions differ by ${worst} at most`);
  assert.ok(worst < 0.02, `predictions differ by ${worst}`);
  sound(page);
});

const BROKEN = {
  "ragged.csv": "a,b,y\n1,2,0\n3,4\n5,6,1\n",
  "empty.csv": "",
  "only.csv": "y\n0\n1\n",
  "one-class.csv": "a,y\nfirst,no\nsecond,no\nthird,no\n",
  "picture.csv": "\x89PNG\r\n\x1a\n\0\0\0\rIHDR",
};

for (const [name, text] of Object.entries(BROKEN)) {
  test(`${name} is refused in the command line's words`, async () => {
    const path = join(site.folder, name);
    writeFileSync(path, text, "latin1");
    const { stderr, status } = spawnSync(PROGRAM, ["train", name, "--validation", "0.2"], { cwd: site.folder, encoding: "utf8" });
    assert.notEqual(status, 0, `the command line takes ${name}`);
    const page = await site.open();
    await page.setInputFiles("#file", path);
    await page.waitForSelector("#notice.bad");
    const here = (await page.textContent("#notice span")).trim();
    const there = stderr.trim().split("\n").at(-1).replace(/^error: /, "");
    assert.equal(here, there);
    // What was there before goes on.
    assert.equal(await state(page, () => playground.state.configuration.data), "xor");
    sound(page);
    await page.context().close();
  });
}

test("numbers are predicted, too", async () => {
  const page = await site.open();
  await dropped(page, `${REPOSITORY}tests/data/diabetes.csv`);
  await page.waitForFunction(() => playground.state.about.task === "regression");
  await finish(page);
  const { scores } = await state(page, () => playground.state.scores);
  const { r2 } = Object.values(scores).find((own) => own?.per_target) ?? scores;
  near(r2, 0.45, 0.2, "R² of diabetes");
  sound(page);
});

test("a Parquet file and a packed one are read as the command line reads them", async () => {
  for (const name of ["table-snappy.parquet", "table.csv.gz"]) {
    const page = await site.open();
    await page.setInputFiles("#file", `${REPOSITORY}tests/data/formats/${name}`);
    await page.waitForFunction(() => playground.state.configuration.data === "table", null, { timeout: 20_000 });
    const here = await state(page, () => playground.state.about.columns);
    const text = await state(page, () => playground.state.about.said);
    assert.ok(here.length > 0 && text.length > 0, `${name}: ${here}`);
    sound(page);
    await page.context().close();
  }
  const page = await site.open();
  await page.setInputFiles("#file", `${REPOSITORY}tests/data/formats/table-zstd.parquet`);
  await page.waitForSelector("#notice.bad");
  assert.match(await page.textContent("#notice span"), /compressed with zstd.*snappy or gzip/);
});

test("of a file that is too large, the first rows are offered", async () => {
  const path = join(site.folder, "large.csv");
  writeFileSync(path, `a,b,y\n${"0.123456,0.654321,1\n0.223456,0.754321,0\n".repeat(1_800_000)}`);
  const page = await site.open();
  await page.setInputFiles("#file", path);
  await page.waitForTimeout(1000);
  assert.equal(page.dialogs.length, 1);
  assert.match(page.dialogs[0], /large\.csv has 69 MB, and this page takes 64 MB. Take its first rows\?/);
  assert.equal(await state(page, () => playground.state.configuration.data), "xor");
});
