// Finding keys: search, status, pages and the full view, all of them in the address.

import {
  button, createKey, dialog, field, finish, hydrated, keep, opener, openMenu, ROTATE, row, sendKey, sideways, signUp, somebody,
  visit,
} from "../fixtures/journey";
import { makeKey } from "../fixtures/keys";
import { inSampleTeam } from "../fixtures/sample";
import { expect, test, type Page } from "../fixtures/test";

const search = (page: Page) => page.getByRole("searchbox", { name: "Search" });
const segment = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Status" }).getByRole("link", { name: new RegExp(`^${name} \\d+$`) });
const pager = (page: Page) => page.getByRole("navigation", { name: "Pages" });
const names = (page: Page) => page.getByRole("rowheader").locator("bdi");
const number = (n: number) => `worker-${String(n).padStart(3, "0")}`;

async function find(page: Page, text: string): Promise<void> {
  await search(page).fill(text);
  await search(page).press("Enter");
}

test("the search finds names and beginnings of keys, and a link reopens what it found", async ({ page, context }) => {
  await signUp(page);
  const home = page.url();
  await expect(search(page)).toHaveCount(0);
  const secret = await makeKey(page, "prod-api-worker");
  await makeKey(page, "100% sure_thing");
  await makeKey(page, "مفتاح الإنتاج");
  await page.reload();
  await expect(search(page)).toHaveAttribute("placeholder", "Search...");
  await expect(names(page)).toHaveText(["مفتاح الإنتاج", "100% sure_thing", "prod-api-worker"]);
  for (const [text, found] of [
    ["API-WORK", "prod-api-worker"],
    ["0%", "100% sure_thing"],
    ["re_t", "100% sure_thing"],
    ["الإنتاج", "مفتاح الإنتاج"],
    [secret.slice(0, 9), "prod-api-worker"],
    ["  worker ", "prod-api-worker"],
  ]) {
    await find(page, text!);
    await expect(page).toHaveURL(/\?search=/);
    await expect(names(page)).toHaveText([found!]);
    await expect(page.getByText("1 key", { exact: true })).toBeVisible();
    await expect(segment(page, "All")).toHaveText("All 1");
  }
  const again = await context.newPage();
  await again.goto(page.url());
  await expect(search(again)).toHaveValue("worker");
  await expect(names(again)).toHaveText(["prod-api-worker"]);
  await again.close();
  await find(page, "");
  await expect(names(page)).toHaveCount(3);
  await page.goBack();
  await expect(names(page)).toHaveCount(1);

  // Nothing is a pattern.
  await find(page, "%");
  await expect(names(page)).toHaveText(["100% sure_thing"]);
  await find(page, "s_re%");
  await expect(page.getByRole("heading", { name: "No key matches “s_re%”" })).toBeVisible();
  const nothing = `<b>"zzz"</b>`;
  await find(page, nothing);
  await expect(page.getByRole("heading", { name: `No key matches “${nothing}”` })).toBeVisible();
  await expect(search(page)).toHaveValue(nothing);
  await page.getByRole("link", { name: "Show all keys" }).click();
  await expect(page).toHaveURL(home);
  await expect(names(page)).toHaveCount(3);
});

test("a whole key in the search finds its row, and never stays in the address", async ({ page }) => {
  await signUp(page);
  const secret = await keep(page, "which one is this");
  await keep(page, "another");
  // Neither the page that is found nor any request on the way to it has the key in its address.
  const visited: string[] = [];
  page.on("framenavigated", (frame) => visited.push(frame.url()));
  page.on("request", (request) => visited.push(request.url()));
  await find(page, ` ${secret} `);
  await expect(names(page)).toHaveText(["which one is this"]);
  await expect(page).toHaveURL(new RegExp(`\\?search=${secret.slice(0, 9)}(#.*)?$`));
  await expect(search(page)).toHaveValue(secret.slice(0, 9));
  expect(visited.length).toBeGreaterThan(1);
  expect(visited.filter((url) => url.includes(secret.slice(9)))).toEqual([]);
  // In another letter case, inside of other text, cut off, or with an invisible character in it.
  for (const pasted of [secret.toUpperCase(), `KEY=${secret};`, secret.slice(0, 30), `${secret.slice(0, 7)}\u200b${secret.slice(7)}`]) {
    await page.getByRole("link", { name: "Clear search" }).click();
    await expect(names(page)).toHaveCount(2);
    await find(page, pasted);
    await expect(names(page)).toHaveText(["which one is this"]);
    await expect(search(page)).toHaveValue(new RegExp(`^${secret.slice(0, 9)}$`, "i"));
  }
  expect(visited.filter((url) => url.toLowerCase().includes(secret.slice(9, 30).toLowerCase()))).toEqual([]);
  expect((await page.content()).includes(secret.slice(9))).toBe(false);
});

test("a key with what surrounds it never stays in the address either", async ({ page }) => {
  await signUp(page);
  const home = page.url();
  const secret = await makeKey(page, "which one is this");
  await makeKey(page, "another");
  for (const text of [`Bearer ${secret}`, `"${secret}"`, `BABYSEA_API_KEY=${secret}`, secret.slice(0, -1), `${secret}x`]) {
    await page.goto(home);
    await find(page, text);
    await expect(page).toHaveURL(/search=/);
    const held = page.url() + (await page.content());
    expect.soft(held.includes(secret.slice(9, -1)), text.replace(secret.slice(9, -1), "...")).toBe(false);
    await expect.soft(names(page)).toHaveText(["which one is this"]);
  }
});

test("a list of 101 keys has three pages, and each can be linked to", async ({ page, context }) => {
  test.slow();
  await signUp(page);
  for (let n = 1; n <= 101; n += 1) await makeKey(page, number(n));
  await page.reload();
  const shows = async (count: string, first: number, rows: number) => {
    await expect(page.getByText(count, { exact: true })).toBeVisible();
    await expect(names(page)).toHaveCount(rows);
    await expect(names(page).first()).toHaveText(number(first));
  };
  const reachable = async (...labels: string[]) => {
    await expect(pager(page).getByRole("link")).toHaveText(labels);
    await expect(pager(page).getByText(/\w+/)).toHaveText(["First", "Newer", "Older", "Last"]);
  };
  const go = (label: string) => pager(page).getByRole("link", { name: label }).click();

  await shows("1–50 of 101 keys", 101, 50);
  await reachable("Older", "Last");
  await go("Older");
  await shows("51–100 of 101 keys", 51, 50);
  await reachable("First", "Newer", "Older", "Last");
  const middle = page.url();
  await go("Older");
  await shows("101 of 101 keys", 1, 1);
  await reachable("First", "Newer");
  await go("Newer");
  await shows("51–100 of 101 keys", 51, 50);
  await go("First");
  await shows("1–50 of 101 keys", 101, 50);
  await go("Last");
  await shows("52–101 of 101 keys", 50, 50);
  await reachable("First", "Newer");

  // The full view keeps the place, and so does a link, although a newer key pushes it down.
  await page.goto(middle);
  await button(page, "Open full view").click();
  await shows("51–100 of 101 keys", 51, 50);
  await makeKey(page, number(102));
  const again = await context.newPage();
  await again.goto(middle);
  await expect(again.getByText("52–101 of 102 keys", { exact: true })).toBeVisible();
  await expect(names(again).first()).toHaveText(number(51));
  await again.close();

  // A search has pages of its own, and keeps them.
  await visit(page, middle.split("?")[0]!);
  await find(page, "worker-0");
  await shows("1–50 of 99 keys", 99, 50);
  await go("Last");
  await expect(page).toHaveURL(/search=worker-0/);
  await shows("50–99 of 99 keys", 50, 50);
  await segment(page, "Active").click();
  await expect(page).toHaveURL(/search=worker-0&status=active|status=active&search=worker-0/);
  await shows("1–50 of 99 keys", 99, 50);
  await expect(segment(page, "Active")).toBeFocused();
  await segment(page, "Revoked").click();
  await expect(page.getByRole("heading", { name: "No key matches “worker-0”" })).toBeVisible();
});

test("what is asked and done on a page of a search leads back to it", async ({ page }) => {
  test.slow();
  await signUp(page);
  for (let n = 1; n <= 53; n += 1) await makeKey(page, number(n));
  await page.reload();
  await find(page, "worker");
  await button(page, "Open full view").click();
  await pager(page).getByRole("link", { name: "Older" }).click();
  await hydrated(page);
  const rest = [number(3), number(2), number(1)];
  const same = async () => {
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(names(page)).toHaveText(rest);
    await expect(search(page)).toHaveValue("worker");
    await expect(button(page, "Close full view")).toBeVisible();
    await hydrated(page);
  };
  const ask = async (name: string, title: string) => {
    await (await openMenu(page, name)).getByRole("menuitem", { name: title }).click();
    const open = dialog(page, `${title} API key`);
    await expect(open).toBeVisible();
    await hydrated(page);
    return open;
  };
  await same();
  for (const leave of ["Cancel", "Escape"]) {
    const open = await ask(number(2), "Rotate");
    if (leave === "Escape") await page.keyboard.press("Escape");
    else await button(open, "Cancel").click();
    await same();
    await expect(button(page, `Actions for ${number(2)}`)).toBeFocused();
  }
  await button(await ask(number(1), "Revoke"), "Revoke key").click();
  await page.waitForURL(/changed=/);
  await same();
  await expect(row(page, number(1)).getByRole("cell", { name: "Revoked" })).toBeVisible();
  const rotate = await ask(number(2), "Rotate");
  const rotated = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, "Key rotated successfully");
  await button(rotated.view, "Show value").click();
  await finish(page, rotated.view);
  await same();
  const { view } = await createKey(page, "elsewhere");
  await button(view, "Show value").click();
  await finish(page, view);
  await same();
  await expect(page.locator(":focus")).toHaveText(/^elsewhere \(bye_\w{5}\.\.\.\) is not among the keys shown here\./);
  await expect(page.getByRole("link", { name: "elsewhere" })).toHaveAttribute("href", /\/api-keys\/[0-9a-f-]{36}$/);
  await page.getByRole("checkbox", { name: `Select ${number(3)}` }).check();
  await button(page, "Delete selected").click();
  await expect(dialog(page, "Delete API key")).toBeVisible();
  await hydrated(page);
  await field(dialog(page, "Delete API key"), `Type ${number(3)} to confirm`).fill(number(3));
  await button(dialog(page, "Delete API key"), "Delete key").click();
  await page.waitForURL(/#status$/);
  rest.shift();
  await same();
});

test("an address that is no place of the list shows its beginning", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "the only one");
  for (const query of ["?older=nonsense", "?newer=%00", "?page=9999", "?status=no-such", "?full=yes", "?search=%00"]) {
    await page.goto(page.url().split("?")[0] + query);
    await expect(names(page)).toHaveText(["the only one"]);
  }
});

test("the full view takes the frame away and gives it back, with the search", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "wide");
  await makeKey(page, "other");
  await page.reload();
  await find(page, "wide");
  await button(page, "Open full view").click();
  await expect(page).toHaveURL(/full=1/);
  await expect(page.getByRole("navigation", { name: "Main" })).toHaveCount(0);
  await expect(names(page)).toHaveText(["wide"]);
  // What is done in it stays in it.
  await find(page, "other");
  await expect(page).toHaveURL(/full=1/);
  await expect(names(page)).toHaveText(["other"]);
  await segment(page, "Active").click();
  await expect(button(page, "Close full view")).toBeVisible();
  await find(page, "zzz");
  await page.getByRole("link", { name: "Show all keys" }).click();
  await expect(names(page)).toHaveCount(2);
  await expect(page).toHaveURL(/\?full=1$/);
  await hydrated(page);
  await expect(opener(page)).toBeVisible();
  await button(page, "Close full view").click();
  await expect(page).not.toHaveURL(/full=/);
  await expect(page.getByRole("navigation", { name: "Main" })).toBeVisible();
});

test("each status has its filter, with the word of its badge", async ({ browser, guard }) => {
  await inSampleTeam(browser, guard, async (page) => {
    await expect(segment(page, "All")).toHaveAttribute("aria-current", "true");
    await expect(page.getByRole("navigation", { name: "Status" }).getByRole("link")).toHaveText([
      "All 12", "Active 9", "Rotated 1", "Expired 1", "Revoked 1",
    ]);
    for (const [status, count] of [["Active", 9], ["Rotated", 1], ["Expired", 1], ["Revoked", 1]] as const) {
      await segment(page, status).click();
      await expect(segment(page, status)).toHaveAttribute("aria-current", "true");
      await expect(page.getByRole("cell", { name: status, exact: true })).toHaveCount(count);
      await expect(names(page)).toHaveCount(count);
    }
    await find(page, "prod");
    await expect(page.getByRole("heading", { name: "No key matches “prod”" })).toBeVisible();
    await segment(page, "All").click();
    await expect(names(page)).toHaveText(["prod-api-worker"]);
  });
});

test("names of any kind stay in their cells, with pages and search around them", async ({ page }) => {
  await signUp(page);
  const wide = ["W".repeat(100), "界".repeat(100), "مفتاح الإنتاج الرئيسي ".repeat(4).trim(), "a b ".repeat(25).trim(), "W".repeat(99) + "א"];
  for (const name of wide) await makeKey(page, name, { allowlist: "2001:db8:1111:2222:3333:4444:5555:6666, 203.0.113.0/24", expires: "7" });
  const { view } = await createKey(page, "\u0645".repeat(100));
  await button(view, "Show value").click();
  await finish(page, view);
  for (const width of [1280, 1000, 721, 360]) {
    await page.setViewportSize({ width, height: 800 });
    for (const query of ["", "?full=1", `?search=${"W".repeat(99)}`, `?search=${"W".repeat(99)}Q`, "?status=expired"]) {
      await page.goto(page.url().split("?")[0] + query);
      await expect(search(page)).toBeVisible();
      expect.soft(await sideways(page), `sideways at ${width} with ${query.slice(0, 20)}`).toBeLessThanOrEqual(0);
      for (const cell of await page.getByRole("rowheader").all()) {
        const box = (await cell.boundingBox())!;
        expect.soft(box.x).toBeGreaterThanOrEqual(0);
        expect.soft(box.x + box.width).toBeLessThanOrEqual(width);
      }
    }
  }
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("search, status and full view work the same", async ({ page }) => {
    await signUp(page, somebody(), false);
    await makeKey(page, "prod-api-worker");
    await makeKey(page, "dev-frontend");
    await page.reload();
    await search(page).fill("prod");
    await search(page).press("Enter");
    await expect(names(page)).toHaveText(["prod-api-worker"]);
    await button(page, "Open full view").click();
    await expect(page).toHaveURL(/full=1/);
    await expect(search(page)).toBeFocused();
    await segment(page, "Expired").click();
    await expect(page.getByRole("heading", { name: "No key matches “prod”" })).toBeVisible();
    await page.getByRole("link", { name: "Show all keys" }).click();
    await expect(names(page)).toHaveCount(2);
  });

  test("a key in the search is posted, and what follows has its shown part", async ({ page }) => {
    await signUp(page, somebody(), false);
    const secret = await makeKey(page, "prod-api-worker");
    await makeKey(page, "dev-frontend");
    await page.reload();
    const visited: string[] = [];
    page.on("request", (request) => visited.push(request.url()));
    await search(page).fill(secret);
    await search(page).press("Enter");
    await expect(names(page)).toHaveText(["prod-api-worker"]);
    await expect(search(page)).toHaveValue(secret.slice(0, 9));
    await expect(search(page)).toBeFocused();
    expect(visited.length).toBeGreaterThan(1);
    expect(visited.filter((url) => url.includes(secret.slice(9)))).toEqual([]);
  });
});
