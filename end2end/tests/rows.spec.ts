// The rows of the list: their names, their menu, the selection, one line for each value, and the page on paper.

import { button, hydrated, opener, openMenu, row, sideways, signUp } from "../fixtures/journey";
import { ask, makeKey, postForm, slugOf } from "../fixtures/keys";
import { inSampleTeam } from "../fixtures/sample";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const search = (page: Page) => page.getByRole("searchbox", { name: "Search" });
const bar = (page: Page) => page.getByRole("form", { name: "Selected keys" });
const background = (of: Locator) => of.evaluate((element) => getComputedStyle(element).backgroundColor);

async function listOf(page: Page, ...names: string[]): Promise<void> {
  await signUp(page);
  for (const name of names) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
}

/** Rotates a key; returns with the list loaded anew. */
async function rotate(page: Page, name: string): Promise<void> {
  const href = (await page.getByRole("link", { name, exact: true }).getAttribute("href"))!;
  const fields = { account: slugOf(page), key: href.split("/").pop()!, grace: "24", form_token: "0".repeat(32) };
  expect((await postForm(page, "/api/keys/rotate", fields)).status()).toBe(200);
  await page.reload();
  await hydrated(page);
}

test("a row is called by its key's name, and its menu is one of buttons", async ({ page }) => {
  await listOf(page, "worker", "مفتاح الإنتاج");
  await expect(page.getByRole("rowheader", { name: "worker", exact: true })).toHaveCount(1);
  await expect(page.getByRole("rowheader", { name: "مفتاح الإنتاج", exact: true })).toHaveCount(1);
  await expect(row(page, "worker")).toMatchAriaSnapshot(`
    - row:
      - rowheader "worker":
        - checkbox "Select worker"
        - link "worker"
        - text: Full Access
      - cell /bye_.{5}\\.\\.\\./
      - cell "Never Secret lost? Reissue":
        - text: Never
        - link "Secret lost? Reissue"
      - cell /just now|second/
      - cell "Active"
      - cell "Any address"
      - cell "Actions for worker":
        - button "Actions for worker"
  `);
  const actions = button(page, "Actions for worker");
  await expect(actions).toHaveAttribute("aria-haspopup", "menu");
  await expect(actions).toHaveAttribute("aria-expanded", "false");
  const menu = await openMenu(page, "worker");
  await expect(actions).toHaveAttribute("aria-expanded", "true");
  await expect(menu).toMatchAriaSnapshot(`
    - menu "Actions for worker":
      - menuitem "Rotate"
      - menuitem "Reissue secret"
      - menuitem "Create another like this"
      - menuitem "Revoke"
      - menuitem "Delete"
  `);
  // Beside its row, and again beside the next one.
  for (const name of ["worker", "مفتاح الإنتاج"]) {
    if (name !== "worker") await openMenu(page, name);
    const at = (await button(page, `Actions for ${name}`).boundingBox())!;
    const open = (await menu.boundingBox())!;
    expect(Math.abs(open.y - at.y - at.height)).toBeLessThan(20);
    expect(Math.abs(open.x + open.width - at.x - at.width)).toBeLessThan(20);
  }
  // A press on its button closes it.
  await button(page, "Actions for مفتاح الإنتاج").click();
  await expect(menu).toHaveCount(0);
  await expect(button(page, "Actions for مفتاح الإنتاج")).toHaveAttribute("aria-expanded", "false");
  await button(page, "Actions for مفتاح الإنتاج").click();
  await expect(menu).toBeVisible();
  await page.getByRole("heading", { name: "API keys" }).click();
  await expect(menu).toHaveCount(0);
  // Each item is about the key of the row.
  await (await openMenu(page, "worker")).getByRole("menuitem", { name: "Create another like this" }).click();
  const add = page.getByRole("dialog", { name: "Add API key" });
  await expect(add).toContainText("Same settings as worker");
  // A form that was filled in is used once, also if the page was loaded with it.
  const href = await page.getByRole("link", { name: "worker", exact: true }).getAttribute("href");
  await page.goto(`${href!.split("/").slice(0, -1).join("/")}?dialog=create&like=${href!.split("/").pop()}`);
  await hydrated(page);
  await expect(add).toContainText("Same settings as worker");
  await page.keyboard.press("Escape");
  await expect(add).toHaveCount(0);
  await expect(button(page, "Actions for worker")).toBeFocused();
  await button(page, "Create API key").click();
  await expect(add).toContainText("You will see the key once");
  await expect(add.getByRole("radio", { checked: true })).toHaveCount(0);
});

test("what a rotated key cannot do is dimmed, and says why", async ({ page }) => {
  await listOf(page, "prod");
  await rotate(page, "prod");
  await button(page, "Actions for prod").last().click();
  await expect(page.getByRole("menu").filter({ visible: true })).toMatchAriaSnapshot(`
    - menu "Actions for prod":
      - menuitem "Rotated" [disabled]
      - menuitem "Grace period"
      - menuitem "Reissue secret"
      - menuitem "Create another like this"
      - menuitem "Revoke"
      - menuitem "Delete"
  `);
  const rotated = page.getByRole("menuitem", { name: "Rotated", exact: true });
  const grace = page.getByRole("menuitem", { name: "Grace period" });
  await expect(page.getByRole("menuitem", { name: "Rotate", exact: true })).toHaveCount(0);
  await expect(rotated).toBeDisabled();
  await expect(rotated).toHaveAccessibleDescription("This key already has a replacement.");
  const colour = (of: Locator) => of.evaluate((element) => getComputedStyle(element).color);
  expect(await colour(rotated)).not.toBe(await colour(grace));
  const rest = await background(rotated);
  await rotated.hover();
  expect(await background(rotated)).toBe(rest);
  await grace.hover();
  expect(await background(grace)).not.toBe(rest);
  await page.keyboard.press("Home");
  await expect(rotated).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(rotated).toBeVisible();
  await page.keyboard.press("ArrowDown");
  await expect(grace).toBeFocused();
});

test("at 1280 px every value of the sample keys is on one line", async ({ browser, guard }) => {
  await inSampleTeam(browser, guard, async (page) => {
    await page.setViewportSize({ width: 1280, height: 800 });
    const wrapped = () =>
      page.evaluate(() => {
        const lines = (element: Element) => {
          const range = document.createRange();
          range.selectNodeContents(element);
          const tops = [...range.getClientRects()].filter(({ width }) => width > 1).map(({ bottom }) => Math.round(bottom / 8));
          return Math.max(...tops) - Math.min(...tops);
        };
        const parts = document.querySelectorAll("tbody .key-name, tbody .sub, tbody td:not(:last-child, :has(.sub)), tbody [data-label='Last used'] > *");
        // Only names that are longer than any line may wrap.
        return [...parts].filter((part) => part.textContent!.length < 60 && lines(part) > 1).map(({ textContent }) => textContent);
      });
    expect(await wrapped()).toEqual([]);
    // Nothing is cut, however long it is.
    const cut = () =>
      page.evaluate(() => {
        const parts = [...document.querySelectorAll("tbody :is(.key-name, .sub, td:not([data-label='IP allowlist']))")];
        return parts.filter((part) => part.scrollWidth > part.clientWidth && part.clientWidth > 0).map(({ textContent }) => textContent);
      });
    expect(await cut()).toEqual([]);
    const heights = await page.getByRole("row").evaluateAll((rows) => rows.slice(1).map((row) => row.clientHeight));
    expect(heights.filter((height) => height > 80).length).toBeLessThanOrEqual(1);
    const width = async () => (await page.getByRole("rowheader").first().boundingBox())!.width;
    const narrow = await width();
    await button(page, "Open full view").click();
    await expect(page.getByRole("columnheader", { name: "Created by" })).toBeVisible();
    await expect(row(page, "prod-api-worker").first().getByRole("cell", { name: "Ada" })).toBeVisible();
    expect(await wrapped()).toEqual([]);
    // The sidebar has 232 px.
    expect(await width()).toBeGreaterThan(narrow + 60);
    await page.setViewportSize({ width: 1600, height: 800 });
    expect(await width()).toBeGreaterThan(narrow + 250);
    await page.setViewportSize({ width: 1280, height: 800 });
    await button(page, "Close full view").click();
    await expect(button(page, "Open full view")).toBeVisible();
    for (const kind of [".sub:not(.key-use)", ".key-use"]) {
      await page.locator(`tbody .cell-name ${kind}`).first().evaluate((line) => {
        line.textContent = "Custom · 12 scopes · expires in less than a minute, and whatever else is said of this key in its row one day";
      });
    }
    expect(await cut()).toEqual([]);
  });
});

test("a search keeps the focus, says what it found, and is one key away", async ({ page }) => {
  await listOf(page, "prod-api", "prod-web", "dev");
  await page.keyboard.press("/");
  await expect(search(page)).toBeFocused();
  await expect(search(page)).toHaveValue("");
  await page.keyboard.type("prod/");
  await expect(search(page)).toHaveValue("prod/");
  await search(page).fill("prod");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/search=prod/);
  await hydrated(page);
  await expect(search(page)).toBeFocused();
  await expect(search(page)).toHaveAccessibleDescription("2 keys match “prod”");
  // It stays with its result.
  await page.keyboard.press("Escape");
  await expect(search(page)).toHaveValue("prod");
  await expect(page.getByRole("status").filter({ hasText: "2 keys match “prod”" })).toBeVisible();
  // Other ways to this list leave the focus alone.
  await page.getByRole("link", { name: /^Active/ }).click();
  await expect(page).toHaveURL(/status=active/);
  await expect(page.getByRole("status").filter({ hasText: "2 active keys match “prod”" })).toBeVisible();
  await expect(search(page)).not.toBeFocused();
  await page.getByRole("link", { name: "Clear search" }).click();
  await expect(page).toHaveURL(/\?status=active#search$/);
  await expect(search(page)).toBeFocused();
  await expect(search(page)).toHaveValue("");
  // A search of another direction keeps it, in the field and in the sentence.
  await search(page).fill("\u05de\u05e4\u05ea\u05d7 (v1)");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/search=%D7/);
  for (const text of [search(page), page.getByRole("status").locator("bdi")]) {
    expect(await text.evaluate((element) => getComputedStyle(element).direction)).toBe("rtl");
  }
  await page.getByRole("link", { name: "Clear search" }).click();
  await expect(page).toHaveURL(/\?status=active#search$/);
  // In a dialog it is a character.
  await hydrated(page);
  await opener(page).click();
  await page.keyboard.type("a/b");
  await expect(page.getByRole("textbox", { name: "Name" })).toHaveValue("a/b");
});

test("all rows of the page are selected with one box, and the bar counts them before the rows", async ({ page }) => {
  await listOf(page, "a", "b", "c");
  const all = page.getByRole("checkbox", { name: "Select all keys on this page" });
  const one = page.getByRole("checkbox", { name: "Select b", exact: true });
  const count = bar(page).getByRole("status");
  const isMixed = () => all.evaluate((box: HTMLInputElement) => box.indeterminate);
  const first = await page.getByRole("rowheader").first().boundingBox();
  await expect(bar(page)).toBeHidden();
  await one.check();
  await expect(count).toHaveText("1 selected");
  expect(await isMixed()).toBe(true);
  // Nothing moved.
  expect(await page.getByRole("rowheader").first().boundingBox()).toEqual(first);
  await all.check();
  await expect(count).toHaveText("3 selected");
  for (const box of await page.getByRole("checkbox", { name: /^Select [abc]$/ }).all()) await expect(box).toBeChecked();
  await one.uncheck();
  await expect(count).toHaveText("2 selected");
  expect(await isMixed()).toBe(true);
  await page.getByRole("checkbox", { name: "Select c", exact: true }).focus();
  await page.keyboard.press("Shift+Tab");
  await expect(button(bar(page), "Clear")).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(bar(page)).toBeHidden();
  await expect(all).not.toBeChecked();
  expect(await isMixed()).toBe(false);
  await all.check();
  const refused = "This cannot be undone. Their requests get 401 from now on.";
  for (const [action, title, says] of [
    ["Revoke", "Revoke API keys", `Programs that use these keys stop working immediately. ${refused}`],
    ["Delete", "Delete API keys", `Deletes the keys and their request logs. ${refused} Entries in Activity are kept.`],
  ] as const) {
    await button(bar(page), `${action} selected`).click();
    const asks = page.getByRole("dialog", { name: title, exact: true });
    await expect(asks).toHaveAccessibleDescription(says);
    await page.keyboard.press("Escape");
    await expect(asks).toHaveCount(0);
  }
});

for (const what of ["the list", "a key"]) {
  test(`on paper, ${what} is what it says and nothing to press`, async ({ page, request }) => {
    await listOf(page, "prod-api-worker");
    const addresses = ["127.0.0.1", ...Array.from({ length: 49 }, (_, n) => `198.51.100.${n + 1}`)];
    // In the list only the number of further addresses is shown, by a button.
    const allowlist = what === "a key" ? addresses.join(" ") : "";
    const secret = await makeKey(page, "dev", { preset: "read_only", allowlist });
    await page.reload();
    const requests = page.getByRole("region", { name: "Last requests" });
    if (what === "a key") {
      expect((await ask(request, secret)).status).toBe(200);
      await page.getByRole("link", { name: "dev", exact: true }).click();
      await expect(async () => {
        await page.reload();
        await expect(requests.getByRole("row")).toHaveCount(2, { timeout: 100 });
      }).toPass({ timeout: 8_000 });
    }
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    // As wide as a sheet, on which a screen would have cards.
    await page.setViewportSize({ width: 720, height: 1000 });
    await page.emulateMedia({ media: "print", colorScheme: "dark" });
    for (const role of ["navigation", "search", "button", "checkbox", "form"] as const) {
      await expect(page.getByRole(role).filter({ visible: true }), role).toHaveCount(0);
    }
    await expect(page.getByRole("link", { name: "Skip to content" })).toBeHidden();
    // Dark text, whatever the theme.
    const ink = await page.locator("body").evaluate((body) => getComputedStyle(body).color);
    expect(ink).toBe("rgb(18, 32, 31)");
    if (what === "a key") {
      await expect(requests.getByRole("rowheader", { name: /^GET \/v1\/status/ })).toBeVisible();
      await expect(requests.getByRole("columnheader")).toHaveText(["Request", "Status", "IP hash", "Time"]);
      const list = page.getByRole("region", { name: "IP allowlist" });
      await expect(list.getByRole("listitem").filter({ visible: true })).toHaveCount(50);
      await expect(list.getByText(/^Show /).filter({ visible: true })).toHaveCount(0);
      const scopes = page.getByRole("region", { name: "Scopes" });
      await expect(scopes.getByText("account:read", { exact: true })).toBeVisible();
      await expect(scopes.getByText("GET /v1/status", { exact: true })).toBeVisible();
      expect(await sideways(page)).toBe(0);
      return;
    }
    await expect(page.getByRole("columnheader", { name: "Last used" })).toBeVisible();
    const [name, status] = [page.getByRole("rowheader").first(), row(page, "dev").getByRole("cell", { name: "Active" })];
    expect(Math.abs((await name.boundingBox())!.y - (await status.boundingBox())!.y)).toBeLessThan(4);
  });
}
