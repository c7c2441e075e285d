// Opens a report in Chromium at two widths and tells what it found there, as JSON; the pictures go into a folder.
// node look.mjs CHROMIUM FILE FOLDER
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [executablePath, file, folder] = process.argv.slice(2);
const QUIET = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage"];
const SANDBOX = process.getuid?.() === 0 ? ["--no-sandbox"] : [];

async function seen(browser, width, phone) {
  const context = await browser.newContext({ viewport: { width, height: 844 }, hasTouch: phone, offline: true });
  const page = await context.newPage();
  const said = [], asked = [], boxes = [];
  page.on("console", (line) => said.push(`${line.type()}: ${line.text()}`));
  page.on("pageerror", (error) => said.push(`error: ${error.message}`));
  page.on("dialog", (box) => { boxes.push(box.message()); box.dismiss(); });
  page.on("request", (one) => { if (!one.url().startsWith("data:")) asked.push(one.url()); });
  await page.goto(pathToFileURL(file).href);
  await page.waitForFunction(() => [...document.querySelectorAll(".chart")].every((one) => one.querySelector("svg")))
    .catch((error) => said.push(`error: ${error.message}`));
  const charts = await page.$$eval(".chart", (all) => all.map((one) => ({
    name: one.id,
    paths: one.querySelectorAll("svg path").length,
    patterns: one.querySelectorAll("svg pattern").length,
    texts: [...one.querySelectorAll("svg text")].map((text) => text.textContent),
    label: one.getAttribute("aria-label"),
    cut: [...one.querySelectorAll("svg text")].filter((text) => {
      const box = text.getBoundingClientRect(), room = one.getBoundingClientRect();
      return box.width && (box.left < room.left - 1 || box.right > room.right + 1);
    }).map((text) => text.textContent),
  })));
  await page.screenshot({ path: join(folder, `${width}.png`), fullPage: true });
  const tip = await pointed(page, phone);
  const bar = await hovered(page, phone);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
  const images = await page.$$eval("img", (all) => all.length);
  await context.close();
  return { width, said, asked: asked.slice(1), boxes, charts, overflow, tip, bar, images };
}

// The tooltip of the cell of the tenth day, reached by its letter; a phone taps.
async function pointed(page, phone) {
  const cell = page.locator(".chart").first().locator("svg text", { hasText: /^10$/ }).first();
  if (!(await cell.count())) return null;
  await cell.scrollIntoViewIfNeeded();
  const box = await cell.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await (phone ? page.touchscreen.tap(x, y) : page.mouse.move(x, y));
  return told(page, page.locator(".tip").first(), `tip-${phone ? "phone" : "screen"}`);
}

// The tooltip of the bars in the middle.
async function hovered(page, phone) {
  const chart = page.locator("#calls");
  if (!(await chart.count())) return null;
  await chart.scrollIntoViewIfNeeded();
  const box = await chart.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height * 0.7];
  await (phone ? page.touchscreen.tap(x, y) : page.mouse.move(x, y));
  return told(page, chart.locator(".tip").first(), `bar-${phone ? "phone" : "screen"}`);
}

// What a tooltip says once it is there, and its picture.
async function told(page, tip, name) {
  const text = await tip.innerText({ timeout: 10_000 }).catch(() => null);
  await page.screenshot({ path: join(folder, `${name}.png`) });
  return text;
}

const browser = await chromium.launch({ executablePath, args: [...QUIET, ...SANDBOX] });
try {
  const found = [await seen(browser, 1280, false), await seen(browser, 390, true), await seen(browser, 360, true)];
  console.log(JSON.stringify(found));
} finally {
  await browser.close();
}
