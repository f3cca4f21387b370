// A headless Chromium driven by the WebDriver protocol (W3C) over HTTP: no package is needed.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  "--window-size=1100,1400"];

export const keys = { right: "\uE014", left: "\uE012", home: "\uE011", end: "\uE010", tab: "\uE004" };

export class Browser {
  // `folder` is for the browser's profile.
  static async start(folder) {
    const process = spawn("chromedriver", ["--port=0"], { stdio: ["ignore", "pipe", "ignore"] });
    const browser = new Browser();
    browser.process = process;
    const lines = createInterface({ input: process.stdout });
    browser.base = await new Promise((resolve, reject) => {
      lines.on("line", (line) => {
        const found = /successfully on port (\d+)/.exec(line);
        if (found !== null) resolve(`http://127.0.0.1:${found[1]}`);
      });
      process.on("exit", () => reject(new Error("chromedriver has ended")));
    });
    const session = await browser.post("/session", { capabilities: { alwaysMatch: {
      browserName: "chrome",
      "goog:loggingPrefs": { browser: "ALL", performance: "ALL" },
      "goog:chromeOptions": { binary: "/usr/bin/chromium", args: [...flags, `--user-data-dir=${folder}`] },
    } } });
    browser.base += `/session/${session.sessionId}`;
    return browser;
  }

  async stop() {
    await this.send("DELETE", "").catch(() => {});
    this.process.kill();
    await once(this.process, "exit");
  }

  open(url) { return this.post("/url", { url }); }
  // What the body of a function returns in the page.
  run(script, ...args) { return this.post("/execute/sync", { script, args }); }
  command(cmd, params) { return this.post("/goog/cdp/execute", { cmd, params }); }
  log(type) { return this.post("/se/log", { type }); }

  async element(css) {
    return Object.values(await this.post("/element", { using: "css selector", value: css }))[0];
  }
  press(element, text) { return this.post(`/element/${element}/value`, { text }); }

  post(path, body) { return this.send("POST", path, body); }
  async send(method, path, body) {
    const answer = await fetch(this.base + path, { method, body: body && JSON.stringify(body) });
    const { value } = await answer.json();
    if (!answer.ok) throw new Error(`${path}: ${value.error}: ${value.message}`);
    return value;
  }
}
