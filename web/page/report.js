// The page of results: one file without scripts, which shows what was trained and what came of it.
import { commandLine } from "./commands.js";
import { short, t, whole } from "./texts.js";

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);

const STYLE = "body{font:15px/1.5 system-ui,sans-serif;max-width:860px;margin:32px auto;padding:0 16px;color:#15181e;background:#fff}"
  + "img{max-width:100%;border-radius:10px}pre{background:#eef1f6;border-radius:10px;padding:12px;white-space:pre-wrap}"
  + "table{border-collapse:collapse}td,th{padding:4px 16px 4px 0;text-align:left}.muted{color:#5b6370}"
  + ".pictures{display:grid;grid-template-columns:1fr 1fr;gap:16px;align-items:start}";

export async function report({ configuration, about, frame, scores }, table) {
  const picture = (id) => document.getElementById(id).toDataURL("image/png");
  const rows = (pairs) => pairs.map(([name, value]) =>
    `<tr><th>${escape(name)}</th><td>${escape(value)}</td></tr>`).join("");
  const own = scores ? Object.values(scores.scores).find((value) => value?.confusion || value?.per_target) ?? scores.scores : {};
  const numbers = Object.entries(own).filter(([, value]) => typeof value === "number" && Number.isFinite(value));
  const title = `${table}: ${about.widths.join("-")}`;
  return `<!doctype html><html lang="${document.documentElement.lang}"><meta charset="utf-8">`
    + `<meta name="viewport" content="width=device-width,initial-scale=1"><title>${escape(title)}</title><style>${STYLE}</style>`
    + `<h1>${escape(title)}</h1><p class="muted">${escape(t("report.by", { device: about.device, step: whole(frame.step) }))}</p>`
    + `<div class="pictures">${about.view ? `<figure><img alt="${escape(t("picture"))}" src="${picture("regions")}"></figure>` : ""}`
    + `<figure><img alt="${escape(t("curve"))}" src="${picture("curve")}"><figcaption class="muted">${escape(t("curve"))}</figcaption></figure></div>`
    + `<h2>${escape(t("scores"))}</h2><table>${rows(numbers.map(([key, value]) =>
      [t(`score.${key}`).replace(/^score\./, ""), key === "rows" ? whole(value) : short(value)]))}</table>`
    + `<h2>${escape(t("settings"))}</h2><table>${rows(Object.entries(configuration)
      .filter(([, value]) => value !== null).map(([key, value]) => [key.replaceAll("_", " "), value]))}</table>`
    + (about.said ? `<h2>${escape(t("data"))}</h2><pre>${escape(about.said)}</pre>` : "")
    + `<h2>${escape(t("take.command"))}</h2><pre>${escape(commandLine(configuration, about, table))}</pre></html>`;
}
