// Moves every slider of a what-if page through every point of its grid by keyboard and compares what
// is shown with the command's JSON; then colours, the console and the network.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Browser, keys } from "./driver.mjs";

const [autopilot, folder] = process.argv.slice(2);
const hostile = "</script><img src=x onerror=alert(1)>";

function run(...words) {
  return execFileSync(autopilot, words, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

function write(name, text) { writeFileSync(join(folder, name), text); }

function makeProject() {
  mkdirSync(join(folder, "policies"));
  write("autopilot.yaml", "paths: policies\n");
  write("policies/traffic.yaml", `apiVersion: autopilot/v1
kind: Policy
metadata: {id: traffic}
spec:
  mutations:
    - {name: bounds, for: route.update_weight, field: weight, clamp: [0.01, 0.6]}
  guards:
    - {name: floor, deny: metrics.cvr_1h < 0.02}
    - {name: two-man, approve: risk > 0.3}
  limits:
    - {name: hourly, max: 9, per: 1h, key: action.algorithm}
`);
  const lines = [];
  for (let i = 0; i < 60; ++i) {
    const old = 0.1 + (i % 11) / 20, weight = Math.round((old + ((i * 7) % 13 - 6) / 40) * 1000) / 1000;
    const time = `2026-11-20T10:${String(i).padStart(2, "0")}:00Z`;
    lines.push(JSON.stringify({
      action: { id: i === 3 ? hostile : `a${i}`, type: "route.update_weight",
                algorithm: i % 2 ? "bandit" : "pacer", data: { weight, old_weight: old } },
      context: { metrics: { cvr_1h: (i % 17) / 400 + 0.005 }, time },
    }));
  }
  write("actions.jsonl", lines.join("\n") + "\n");
}

// What the page must show at a point, from the JSON alone.
function expected(report, index) {
  const point = report.points[index];
  const flips = [];
  for (const decision of report.decisions) {
    const [, result, rule] = decision.runs.filter(([from]) => from <= index).at(-1);
    if (result === decision.before) continue;
    const by = report.rules[result > decision.before ? rule : decision.rule];
    flips.push([decision.id, decision.action, report.results[decision.before], report.results[result],
                `${by.policy}/${by.rule}`].join(" | "));
  }
  assert.equal(flips.length, point.differing, "the JSON agrees with itself");
  const counts = [...report.results.map((r) => point[r]), point.differing];
  const groups = point.groups.map((g) => `${g.count} ${g.before} → ${g.after} by ${g.policy}/${g.rule}`);
  return { values: point.values.map(String), counts, groups, flips };
}

const readPage = `
  const text = (e) => e.textContent;
  const all = (css) => [...document.querySelectorAll(css)];
  return {
    values: all("output").map(text),
    spoken: all("input[type=range]").map((e) => e.getAttribute("aria-valuetext")),
    counts: ["allowed", "modified", "pending", "blocked", "differing"].map((id) => Number(text(document.getElementById("count-" + id)))),
    groups: all("#groups li").map((e) => text(e).replace(/^(\\d+)/, "$1 ")),
    flips: all("#flips tr").map((row) => [0, 1, 4, 5, 6].map((i) => text(row.cells[i])).join(" | ")),
    said: text(document.getElementById("said")),
  };`;

async function compareAt(browser, report, index) {
  const shown = await browser.run(readPage), want = expected(report, index);
  for (const part of ["values", "counts", "groups", "flips"])
    assert.deepEqual(shown[part], want[part], `${part} at point ${index}`);
  assert.deepEqual(shown.spoken, want.values, "what a screen reader says of the sliders");
  assert.ok(shown.said.includes(`${want.counts[3]} blocked; ${want.counts[4]} of 60`), shown.said);
}

// Every point of a grid of two sliders, there and back again.
async function walkGrid(browser, report) {
  const [rows, columns] = report.parameters.map((p) => p.values.length);
  const outer = await browser.element("#slider-0"), inner = await browser.element("#slider-1");
  await browser.press(outer, keys.home);
  await browser.press(inner, keys.home);
  for (let row = 0; row < rows; ++row) {
    for (let step = 0; step < columns; ++step) {
      const column = row % 2 ? columns - 1 - step : step;
      await compareAt(browser, report, row * columns + column);
      if (step + 1 < columns) await browser.press(inner, row % 2 ? keys.left : keys.right);
    }
    if (row + 1 < rows) await browser.press(outer, keys.right);
  }
}

async function walkLine(browser, report) {
  const slider = await browser.element("#slider-0");
  await browser.press(slider, keys.home);
  for (let index = 0; index < report.points.length; ++index) {
    await compareAt(browser, report, index);
    await browser.press(slider, keys.right);
  }
  await browser.press(slider, keys.right);  // the end stays the end
  await compareAt(browser, report, report.points.length - 1);
}

// All texts with less contrast than WCAG 2.2 AA asks of them.
const faintTexts = `
  const channels = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255)
    .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (; e; e = e.parentElement) {
      const color = channels(getComputedStyle(e).backgroundColor);
      if (color.length < 4 || color[3] > 0) return color;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const e of document.querySelectorAll("body *")) {
    if (![...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const ink = light(channels(e.closest("svg") ? style.fill : style.color)), page = light(behind(e));
    const contrast = (Math.max(ink, page) + 0.05) / (Math.min(ink, page) + 0.05);
    if (contrast < 4.5) faint.push(e.tagName + " " + e.textContent.slice(0, 30) + " " + contrast.toFixed(2));
  }
  return { faint, page: getComputedStyle(document.body).backgroundColor };`;

async function checkColours(browser) {
  const pages = [];
  for (const scheme of ["light", "dark"]) {
    await browser.command("Emulation.setEmulatedMedia",
                          { features: [{ name: "prefers-color-scheme", value: scheme }] });
    const { faint, page } = await browser.run(faintTexts);
    assert.deepEqual(faint, [], `${scheme}: texts of too little contrast`);
    pages.push(page);
  }
  assert.notEqual(pages[0], pages[1], "dark is another page colour than light");
}

async function checkQuiet(browser, url) {
  assert.deepEqual(await browser.log("browser"), [], "the console is silent");
  const requests = (await browser.log("performance"))
    .map((entry) => JSON.parse(entry.message).message)
    .filter((m) => m.method === "Network.requestWillBeSent")
    .map((m) => m.params.request.url)
    .filter((requested) => requested !== url);
  assert.deepEqual(requests, [], "nothing is loaded but the page");
  assert.equal(await browser.run("return document.querySelectorAll('img').length"), 0);
}

async function check(browser, name, sweeps, walk) {
  const words = ["whatif", "--actions", "actions.jsonl", "--policies", "policies", ...sweeps];
  const report = JSON.parse(run(...words, "--html", name, "--json"));
  const url = `file://${join(folder, name)}`;
  await browser.open("about:blank");
  for (const type of ["browser", "performance"]) await browser.log(type);  // of the page before
  await browser.open(url);
  await walk(browser, report);
  await checkColours(browser);
  await checkQuiet(browser, url);
  console.log(`${name}: ${report.points.length} points are shown as they are`);
}

makeProject();
const browser = await Browser.start(join(folder, "profile"));
try {
  await check(browser, "line.html", ["--sweep", "policy.traffic.limits.hourly.max=0:12:1"], walkLine);
  await check(browser, "grid.html", ["--sweep", "metrics.cvr_1h+=-0.01:0.02:0.01",
    "--sweep", "policy.traffic.guards.two-man.approve=risk > 0.2,risk > 0.4,risk < 0"], walkGrid);
} finally {
  await browser.stop();
}
