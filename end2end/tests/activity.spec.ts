// What was done: on the page of the account, on the page of a key, as a file, and a leak that somebody reports.

import { button, dialog, expectGone, hydrated, keep, row, sideways, signUp, somebody } from "../fixtures/journey";
import { ask, makeKey, postForm, slugOf } from "../fixtures/keys";
import { expect, test, type Page } from "../fixtures/test";

/** A number above the chart of a key. */
const total = (page: Page, name: string) => page.getByRole("definition").and(page.locator(`dt:text-is("${name}") + dd`));
const entries = (page: Page) => page.getByRole("table", { name: /^Activity/ }).getByRole("row");

test("the activity is searched, filtered and taken along", async ({ page }) => {
  await page.addInitScript(() => {
    const announced: string[] = [];
    Object.assign(window, { announced });
    // What a screen reader hears: changes within a status.
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const status = (target as Element).closest<HTMLElement>("[role=status]");
        if (status) announced.push(status.innerText.trim());
      }
    }).observe(document, { attributeFilter: ["hidden"], subtree: true });
  });
  await signUp(page);
  await makeKey(page, "first");
  await makeKey(page, "second");
  await page.getByRole("link", { name: "Activity" }).click();
  await expect(page.getByRole("heading", { name: "Activity", level: 1 })).toBeVisible();
  await expect(page.getByRole("link", { name: "Activity" })).toHaveAttribute("aria-current", "page");
  await expect(entries(page)).toHaveCount(4);
  const search = page.getByRole("searchbox", { name: "Search the activity" });
  // As in the list of keys: one key away, and what was found is announced and said of the field.
  const announced = () => page.evaluate(() => (window as unknown as { announced: string[] }).announced);
  await expect(search).not.toBeFocused();
  await page.keyboard.press("/");
  await expect(search).toBeFocused();
  await page.keyboard.type("SECOND");
  await page.keyboard.press("Enter");
  await expect(entries(page)).toHaveCount(2);
  await expect(search).toHaveValue("SECOND");
  await expect(search).toBeFocused();
  await expect(search).toHaveAccessibleDescription("1 entry found.");
  await expect.poll(announced).toEqual(["", "1 entry found."]);
  const file = page.waitForEvent("download");
  await page.getByRole("link", { name: "Export CSV" }).click();
  const taken = await file;
  expect(taken.suggestedFilename()).toBe("activity.csv");
  const lines = await new Response((await taken.createReadStream()) as unknown as ReadableStream).text();
  expect(lines.trim().split("\r\n")).toHaveLength(2);

  await page.getByLabel("Action", { exact: true }).selectOption("api_key.deleted");
  await button(page, "Apply").click();
  await expect(page.getByRole("heading", { name: "No results" })).toBeVisible();
  await expect.poll(announced).toEqual(["", "No entries found."]);
  await page.getByRole("link", { name: "Clear filters" }).click();
  await expect(entries(page)).toHaveCount(5);
  await expect(entries(page).nth(1)).toContainText("activity.exported");
});

test("a key's page says everything about it", async ({ page, request }) => {
  const ada = somebody();
  await signUp(page, ada);
  const secret = await keep(page, "prod", "Read Only");
  for (let n = 0; n < 3; n += 1) expect(await ask(request, secret)).toMatchObject({ status: 200 });
  expect(await ask(request, secret, "/v1/generate/image/bfl/flux", "POST")).toMatchObject({ status: 403 });
  await page.getByRole("link", { name: "prod", exact: true }).click();
  await expect(page.getByRole("heading", { name: "prod", level: 1 })).toBeVisible();
  await expect(async () => {
    await page.reload();
    await expect(total(page, "Accepted")).toHaveText("3", { timeout: 100 });
    await expect(total(page, "Refused")).toHaveText("125 %", { timeout: 100 });
  }).toPass({ timeout: 8_000 });
  const days = page.getByRole("table", { name: /^Requests by day/ });
  await expect(days.getByRole("row").nth(1).getByRole("cell")).toHaveText(["3", "1"]);
  await expect(page.getByRole("region", { name: "Last requests" }).getByRole("row")).toHaveCount(5);
  await expect(page.getByRole("region", { name: "About" })).toContainText(`by ${ada.name}`);
  await expect(page.getByRole("region", { name: "Scopes" })).toContainText("/v1/status");
  await expect(page.getByRole("region", { name: "Rotations" })).toHaveCount(0);
  await expect(page.getByRole("region", { name: "Activity" })).toContainText("New API key was generated for the account");
  await expect(page.locator("body")).not.toContainText(secret);
  await page.getByRole("link", { name: "API keys" }).last().click();
  await expect(row(page, "prod")).toBeVisible();
});

test("a key that is pasted into the search does not stay in the address", async ({ page }) => {
  await signUp(page);
  const secret = await makeKey(page, "prod");
  await page.getByRole("link", { name: "Activity" }).click();
  await page.getByRole("searchbox", { name: "Search the activity" }).fill(`Bearer ${secret}`);
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(new RegExp(`search=${secret.slice(0, 9)}(&|#|$)`));
  await expectGone(page, secret);
});

test.describe("with scripts off", () => {
  test.use({ javaScriptEnabled: false });

  test("the activity and a key's page say the same", async ({ page, request }) => {
    const ada = somebody();
    await signUp(page, ada, false);
    const secret = await makeKey(page, "prod", { preset: "read_only" });
    expect(await ask(request, secret)).toMatchObject({ status: 200 });
    await page.getByRole("link", { name: "Activity" }).click();
    await expect(page.getByText("Audit account activity", { exact: true })).toBeVisible();
    await expect(entries(page).first().getByRole("columnheader")).toHaveText([
      "Member", "Action", "Description", "Timestamp", "Request",
    ]);
    await page.getByLabel("Action", { exact: true }).selectOption("api_key.created");
    await button(page, "Apply").click();
    await expect(entries(page)).toHaveCount(2);
    await expect(entries(page).nth(1)).toContainText("New API key was generated for the account");
    await expect(entries(page).nth(1)).toContainText(/req_[0-9A-Z]{26}IP hash [0-9a-f]{12}/);
    await page.getByRole("searchbox", { name: "Search the activity" }).fill("nothing like it");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "No results" })).toBeVisible();

    await page.getByRole("link", { name: "API keys" }).first().click();
    await page.getByRole("link", { name: "prod", exact: true }).click();
    await expect(page.getByRole("region", { name: "About" })).toContainText(`by ${ada.name}`);
    await expect(page.getByRole("region", { name: "Scopes" })).toContainText("/v1/status");
    await expect(page.getByRole("region", { name: "Activity" })).toContainText("api_key.created");
    await expect(async () => {
      await page.reload();
      await expect(total(page, "Accepted")).toHaveText("1", { timeout: 100 });
    }).toPass({ timeout: 8_000 });
    await button(page, "Revoke").click();
    await button(dialog(page, "Revoke API key"), "Revoke key").click();
    // It ends on the page where it began.
    await expect(page.getByText("Revoked", { exact: true }).first()).toBeVisible();
    await expect(page.getByRole("heading", { name: "prod", level: 1 })).toBeVisible();
  });
});

test("acknowledging the leak of a key that is gone leads to the list without it", async ({ page, request }) => {
  await signUp(page);
  const secret = await makeKey(page, "prod");
  expect((await request.post("/v1/keys/report-leak", { data: { key: secret } })).status()).toBe(200);
  await page.reload();
  await hydrated(page);
  const id = await page.getByRole("link", { name: "prod", exact: true }).last().getAttribute("href");
  const fields = { account: slugOf(page), "keys[]": id!.split("/").pop()!, confirm: "prod" };
  expect((await postForm(page, "/api/keys/delete", fields)).status()).toBe(200);
  await button(page, "Acknowledge the leak of prod").click();
  await expect(page.getByText("was reported as leaked")).toHaveCount(0);
  await expect(page).toHaveURL(/\/api-keys$/);
  await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
});

for (const scripts of [true, false]) {
  test.describe(scripts ? "with scripts" : "without scripts", () => {
    test.use({ javaScriptEnabled: scripts });

    test("a leak stands on top of the keys until an owner acknowledges it", async ({ page, request }) => {
      await signUp(page, somebody(), scripts);
      const secret = await makeKey(page, "prod");
      expect((await request.post("/v1/keys/report-leak", { data: { key: secret } })).status()).toBe(200);
      await page.reload();
      if (scripts) await hydrated(page);
      const notice = page.getByText("was reported as leaked");
      await expect(notice).toBeVisible();
      expect(await ask(request, secret)).toMatchObject({ status: 401 });
      await button(page, "Acknowledge the leak of prod").click();
      await expect(notice).toHaveCount(0);
      await expect(row(page, "prod").getByRole("cell").nth(3)).toHaveText("Revoked");
    });
  });
}

test("pages of a key and of the activity fit a phone", async ({ page, request }) => {
  await page.setViewportSize({ width: 360, height: 740 });
  await signUp(page);
  const secret = await makeKey(page, "a".repeat(100));
  await ask(request, secret);
  await page.reload();
  await hydrated(page);
  await page.getByRole("link", { name: "a".repeat(100) }).click();
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  expect(await sideways(page)).toBe(0);
  await page.goto(page.url().replace(/api-keys\/.*/, "activity"));
  await expect(entries(page)).not.toHaveCount(0);
  expect(await sideways(page)).toBe(0);
});
