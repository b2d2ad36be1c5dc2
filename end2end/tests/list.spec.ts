// The list: search, filters, pages and the full view, on any name and any width.

import { button, keep, openDialog, row, signUp, visit } from "../fixtures/journey";
import { secrets } from "../fixtures/server";
import { expect, type Page, test } from "../fixtures/test";

const link = (page: Page, name: string) => page.getByRole("link", { name, exact: true });
const rows = (page: Page) => page.getByRole("rowheader");

/** Makes keys as the form does, without drawing what follows. */
async function make(page: Page, names: string[]): Promise<void> {
  const path = new URL(page.url()).pathname;
  const account = path.split("/")[2] ?? "";
  for (const [n, name] of names.entries()) {
    const answer = await page.request.post("/api/keys/create", {
      headers: { "sec-fetch-site": "same-origin" },
      form: { account, name, preset: "read_only", form_token: `t${n}${Date.now()}` },
    });
    expect(answer.status(), name).toBe(200);
    secrets.add(((await answer.json()) as { secret: string }).secret);
  }
  await visit(page, path);
}

test("pages of fifty, and links that reopen the same view", async ({ page }) => {
  test.slow();
  await signUp(page);
  await make(page, Array.from({ length: 110 }, (_, n) => `key ${n}`));
  await expect(rows(page)).toHaveCount(50);
  await expect(page.getByText("1–50 of 110 keys")).toBeVisible();
  await expect(link(page, "Newer")).toHaveCount(0);
  await link(page, "Older").click();
  await expect(page.getByText("51–100 of 110 keys")).toBeVisible();
  const second = page.url();
  await link(page, "Last").click();
  await expect(page.getByText("61–110 of 110 keys")).toBeVisible();
  await expect(row(page, "key 0")).toBeVisible();
  await expect(link(page, "Older")).toHaveCount(0);
  await page.goto(second);
  await expect(page.getByText("51–100 of 110 keys")).toBeVisible();
  await link(page, "First").click();
  await expect(row(page, "key 109")).toBeVisible();

  await button(page, "Open full view").click();
  await expect(page.getByRole("navigation", { name: "Main" })).toHaveCount(0);
  await expect(rows(page)).toHaveCount(50);
  await link(page, "Older").click();
  await expect(page).toHaveURL(/full=1/);
  await button(page, "Close full view").click();
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
  await expect(page.getByText("51–100 of 110 keys")).toBeVisible();
});

test("search finds names and prefixes, and says when it finds none", async ({ page }) => {
  await signUp(page);
  const secret = await keep(page, "prod-api-worker");
  await keep(page, "staging-monitor");
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.fill("WORKER");
  await search.press("Enter");
  await page.waitForURL(/search=WORKER/);
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, "prod-api-worker")).toBeVisible();
  await expect(search).toHaveValue("WORKER");

  await search.fill("nothing like it");
  await search.press("Enter");
  await expect(page.getByRole("heading", { name: "No key matches “nothing like it”" })).toBeVisible();
  await link(page, "Show all keys").click();
  await expect(rows(page)).toHaveCount(2);

  // A whole key is what people have at hand; it must not stay in the address.
  await search.fill(secret);
  await search.press("Enter");
  await expect(rows(page)).toHaveCount(1);
  await expect(row(page, "prod-api-worker")).toBeVisible();
  expect(page.url()).not.toContain(secret.slice(9));
  await expect(search).toHaveValue(secret.slice(0, 9));
});

test("those that work and those that ended", async ({ page }) => {
  await signUp(page);
  await keep(page, "prod");
  await page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: /^Ended/ }).click();
  await expect(page.getByRole("heading", { name: "No such keys" })).toBeVisible();
  await page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: /^Active/ }).click();
  await expect(row(page, "prod")).toBeVisible();
});

const NAMES = ["W".repeat(100), "مفتاح الإنتاج للخادم الرئيسي في المنطقة", "漢".repeat(100), "a\u0301\u0302".repeat(40)];

for (const width of [1280, 360]) {
  test(`any name at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 800 });
    await signUp(page);
    await make(page, NAMES);
    await expect(rows(page)).toHaveCount(NAMES.length);
    const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    expect(await overflow()).toBe(0);
    await button(page, "Open full view").click();
    await expect(button(page, "Close full view")).toBeVisible();
    expect(await overflow()).toBe(0);
    await button(page, "Close full view").click();
    const add = await openDialog(page);
    const wide = await add.evaluate((element) => element.scrollWidth - element.clientWidth);
    expect(wide).toBe(0);
  });
}
