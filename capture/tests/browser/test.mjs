// Reports in a real browser: they draw, zoom, sort, filter, lead from findings to evidence, and are accessible.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";

import { chromium } from "playwright-core";

import { capture } from "./hostile.mjs";

const program = process.env.KAFKA_CAPTURE, screenshots = process.env.SCREENSHOTS;
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const folder = mkdtempSync(join(tmpdir(), "reports-"));
let browser;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox"] });
});
after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

// The captures in the repository, and those that KAFKA_CAPTURES names.
function captures() {
  const own = [join(import.meta.dirname, "../../../tests/captures/clients.pcap")];
  const others = process.env.KAFKA_CAPTURES;
  if (!others) return own;
  const files = readdirSync(others).filter((name) => /\.pcap(ng)?(\.gz)?$/.test(name) && !name.startsWith("tunnel-"));
  return own.concat(files.map((name) => join(others, name)));
}

function report(file, name) {
  const output = join(folder, `${name || basename(file)}.html`);
  const keys = file.replace(/\.pcap(ng)?(\.gz)?$/, ".keylog");
  execFileSync(program, ["report", "-o", output, ...(existsSync(keys) ? ["--keylog", keys] : []), file], { stdio: "pipe" });
  return output;
}

async function open(file, width = 1300, colorScheme = "light") {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  page.faults = [];
  page.on("console", (message) => page.faults.push(message.text()));
  page.on("pageerror", (error) => page.faults.push(error.message));
  page.on("dialog", (dialog) => page.faults.push(`dialog: ${dialog.message()}`));
  page.on("request", (request) => {
    if (request.url() !== pathToFileURL(file).href && !request.url().startsWith("data:")) page.faults.push(`request: ${request.url()}`);
  });
  await page.goto(pathToFileURL(file).href);
  return page;
}

async function close(page) {
  assert.deepEqual(page.faults, []);
  await page.close();
}

const range = (page) => page.locator("#range").textContent();
const visibleRows = (page, selector = "section.table tbody tr") => page.locator(`${selector}:not([hidden])`).allTextContents();

for (const file of captures()) {
  describe(basename(file), () => {
    let output;
    before(() => { output = report(file); });

    for (const width of [1300, 400]) for (const scheme of ["light", "dark"]) {
      test(`is drawn and accessible, ${width} wide, ${scheme}`, async () => {
        const page = await open(output, width, scheme);
        assert.ok(await page.locator("#chart-timeline rect.fill").count() > 0, "the timeline is empty");
        assert.ok(await page.locator("#chart-bands rect").count() > 0, "no connection is drawn");
        const tooWide = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        assert.ok(tooWide <= 0, `the page is ${tooWide} px wider than the window`);
        await page.locator("details").evaluateAll((all) => all.forEach((each) => each.setAttribute("open", "")));
        // The policy of the page lets no script in that is not its own; the tools of the browser may.
        const session = await page.context().newCDPSession(page);
        await session.send("Runtime.evaluate", { expression: axe });
        const { result } = await session.send("Runtime.evaluate", {
          expression: `axe.run().then((found) => JSON.stringify(found.violations.map((each) => [each.id, each.nodes.slice(0, 3).map((node) => node.html.slice(0, 200) + node.failureSummary)])))`,
          awaitPromise: true, returnByValue: true,
        });
        assert.deepEqual(JSON.parse(result.value), []);
        if (screenshots) await page.screenshot({ path: join(screenshots, `${basename(file)}-${width}-${scheme}.png`), fullPage: true });
        await close(page);
      });
    }

    test("every finding leads to its evidence", async () => {
      const page = await open(output);
      await page.locator("details").evaluateAll((all) => all.forEach((each) => each.setAttribute("open", "")));
      const links = page.locator("a.evidence");
      for (let i = 0; i < await links.count(); i += 1) {
        const link = links.nth(i);
        const [target, query] = await link.evaluate((each) => [each.getAttribute("href").slice(1), each.dataset.query]);
        await link.click();
        assert.equal(await page.evaluate(() => document.activeElement.id), target);
        assert.equal(await page.locator("#search").inputValue(), query);
        const title = await link.textContent();
        const rows = await page.evaluate((id) => {
          const heading = document.getElementById(id);
          const section = heading.closest("section");
          return section.querySelectorAll("tbody tr:not([hidden])").length;
        }, target);
        if (target !== "about") assert.ok(rows > 0, `no evidence: ${title}`);
        const top = await page.evaluate((id) => document.getElementById(id).getBoundingClientRect().top, target);
        assert.ok(top >= 0 && top < 900, `out of sight: ${title}`);
      }
      await close(page);
    });
  });
}

describe("a report", () => {
  let output;
  before(() => { output = report(captures()[0], "own"); });

  test("zooms by dragging, by buttons and by keys", async () => {
    const page = await open(output);
    const whole = await range(page);
    const box = await page.locator("#chart-timeline").boundingBox();
    await page.mouse.move(box.x + 300, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 600, box.y + 60, { steps: 5 });
    await page.mouse.up();
    const zoomed = await range(page);
    assert.notEqual(zoomed, whole);
    assert.ok(await page.locator("#chart-timeline rect.fill").count() > 0);
    await page.locator("#zoom-all").click();
    assert.equal(await range(page), whole);
    await page.locator("#zoom-in").click();
    assert.notEqual(await range(page), whole);
    await page.locator("#zoom-out").click();
    assert.equal(await range(page), whole);
    await page.locator("#chart-timeline").focus();
    await page.keyboard.press("+");
    assert.notEqual(await range(page), whole);
    await page.keyboard.press("0");
    assert.equal(await range(page), whole);
    await page.keyboard.press("Home");
    assert.match(await page.locator("#readout").textContent(), /requests\/s/);
    await close(page);
  });

  test("shows one API of the timeline", async () => {
    const page = await open(output);
    const before = await page.locator("#chart-timeline rect.fill").count();
    const button = page.locator("#legend button", { hasText: /^Produce / });
    await button.click();
    assert.equal(await page.locator("#legend button[aria-pressed=true]").textContent().then((text) => text.split(" ")[0]), "Produce");
    assert.ok(await page.locator("#chart-timeline rect.fill").count() < before);
    await close(page);
  });

  test("sorts by any column, numbers as numbers, by mouse and keyboard", async () => {
    const page = await open(output);
    const table = page.locator("section.table", { has: page.locator("#by-client") });
    const column = async (index) => table.locator(`tbody tr td:nth-child(${index + 1})`).evaluateAll((cells) => cells.map((cell) => Number(cell.dataset.v)));
    const headings = await table.locator("th").allTextContents();
    const requests = headings.indexOf("sent");
    const button = table.locator("th button").nth(requests);
    await button.click();
    const falling = await column(requests);
    assert.ok(falling.length > 2);
    assert.deepEqual(falling, [...falling].sort((a, b) => b - a));
    assert.equal(await table.locator("th").nth(requests).getAttribute("aria-sort"), "descending");
    await button.focus();
    await page.keyboard.press("Enter");
    assert.deepEqual(await column(requests), [...falling].reverse());
    assert.equal(await table.locator("th").nth(requests).getAttribute("aria-sort"), "ascending");
    await close(page);
  });

  test("filters all tables and charts by words and phrases", async () => {
    const page = await open(output);
    const all = (await visibleRows(page)).length;
    await page.keyboard.press("/");
    await page.keyboard.type("produce");
    await page.locator("#matches", { hasText: "of" }).waitFor();
    const rows = await visibleRows(page);
    assert.ok(rows.length > 0 && rows.length < all);
    for (const row of rows) assert.match(row.toLowerCase(), /produce/);
    assert.match(await page.locator("#matches").textContent(), new RegExp(`^${rows.length} of ${all} rows$`));
    await page.keyboard.press("Escape");
    assert.equal((await visibleRows(page)).length, all);
    await page.locator("#search").fill('"no such phrase"');
    await page.locator("#chart-bands", { hasText: "No connection matches." }).waitFor();
    assert.equal((await visibleRows(page)).length, 0);
    await page.locator("#clear").click();
    assert.equal((await visibleRows(page)).length, all);
    await close(page);
  });

  test("keeps the theme that was chosen", async () => {
    const page = await open(output);
    const color = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await color();
    await page.locator("#theme").click();
    await page.locator("#theme").click();
    assert.equal(await page.locator("#theme").textContent(), "Theme: dark");
    assert.notEqual(await color(), light);
    await close(page);
  });

  test("can be read without JavaScript", async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(pathToFileURL(output).href);
    assert.ok(await page.locator("section.table tbody tr").count() > 10);
    await context.close();
  });

  test("shows names of peers as text, whatever is in them", async () => {
    const names = [
      ["<img src=x onerror=\"document.title='out'\">", "</script><script>document.title='out'</script>"],
      ["\"><svg/onload=alert(1)>", "<!--<script>"],
      ["a&lt;b\u202egnp.exe", "']]></style><style>*{display:none}"],
    ];
    for (const [i, [client, topic]] of names.entries()) {
      const file = join(folder, `hostile-${i}.pcap`);
      writeFileSync(file, capture(client, topic));
      const page = await open(report(file));
      await page.waitForTimeout(100);
      assert.match(await page.title(), /^Kafka capture: hostile/);
      assert.equal(await page.locator("img, svg[onload], body style").count(), 0);
      const shown = client.replace("\u202e", "\\u{202e}");
      assert.ok((await visibleRows(page)).some((row) => row.includes(shown)), `${shown} is not in a table`);
      assert.ok((await page.locator("#chart-bands title").allTextContents()).some((text) => text.includes(shown)));
      await close(page);
    }
  });

  test("is drawn, and says when", async (context) => {
    const page = await open(output);
    const paint = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
    const time = await paint.jsonValue();
    // How long it takes depends on the machine, so that it is printed and not judged.
    context.diagnostic(`first drawn after ${Math.round(time)} ms`);
    assert.ok(time > 0, "nothing is drawn");
    await close(page);
  });
});
