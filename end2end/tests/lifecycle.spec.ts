// Rotate, change the grace period, revoke, delete: with scripts and without, and what stands in the way.

import {
  askPlainly, button, dialog, expectError, expectGone, field, finish, heading, hydrated, isModal, KEY, keep, openMenu, ROTATE, row, sendKey, signUp,
  somebody,
} from "../fixtures/journey";
import { ask, makeKey } from "../fixtures/keys";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const ROTATED = "Key rotated successfully";
const status = (page: Page, name: string) => row(page, name).getByRole("cell").nth(3);
const grace = (open: Locator) => open.getByLabel("Grace period", { exact: true });

/** Opens the question that an item of a row's menu leads to. */
async function choose(page: Page, key: string, item: string, title: string, scripts = true): Promise<Locator> {
  if (scripts) await (await openMenu(page, key)).getByRole("menuitem", { name: item }).click();
  else await askPlainly(page, key, item.toLowerCase());
  const question = dialog(page, title);
  await expect(question).toBeVisible();
  if (scripts) {
    await hydrated(page);
    await expect.poll(() => isModal(question)).toBe(true);
  }
  return question;
}

test("a key is rotated; both work until the owner stops the old one", async ({ page, request }) => {
  await signUp(page);
  const old = await keep(page, "prod");
  const rotate = await choose(page, "prod", "Rotate", "Rotate API key");
  await expect(heading(rotate)).toBeFocused();
  await expect(grace(rotate)).toHaveValue("24");
  await expect(grace(rotate).getByRole("option")).toHaveText([
    "1 hour", "6 hours", "12 hours", /^24 hours/, /^48 hours/, /^72 hours/, /^168 hours/,
  ]);
  await grace(rotate).selectOption("48");
  const { view, secret } = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, ROTATED);
  await button(view, "Show value").click();
  await expect(field(view, "New API key")).toHaveValue(KEY);
  expect(secret).not.toBe(old);
  await finish(page, view);
  const statuses = page.getByRole("row").filter({ hasText: "prod" }).getByRole("cell");
  await expect(statuses.filter({ hasText: /^(Active|Rotated)$/ })).toHaveText(["Active", "Rotated"]);
  for (const key of [old, secret]) expect(await ask(request, key)).toMatchObject({ status: 200 });

  // The older of the two rows has the item, and no other way to be rotated.
  await button(page, "Actions for prod").last().click();
  const menu = page.getByRole("menu").filter({ visible: true });
  // Nobody had used it when the page was drawn, so its secret may be lost too.
  await expect(menu.getByRole("menuitem")).toHaveText([
    /^Rotated/, "Grace period", "Reissue secret", "Create another like this", "Revoke", "Delete",
  ]);
  await menu.getByRole("menuitem", { name: "Grace period" }).click();
  await hydrated(page);
  const change = dialog(page, "Change grace period");
  await change.getByRole("combobox").selectOption({ label: "Stop it now" });
  await button(change, "Stop key now").click();
  await expect(change).toHaveCount(0);
  await expect(statuses.filter({ hasText: /^(Active|Expired)$/ })).toHaveText(["Active", "Expired"]);
  expect(await ask(request, old)).toMatchObject({ status: 401 });
  expect(await ask(request, secret)).toMatchObject({ status: 200 });
});

test("a rotation that somebody else was faster with says so, and shows no secret", async ({ page, guard }) => {
  await signUp(page);
  await keep(page, "prod");
  const rotate = await choose(page, "prod", "Rotate", "Rotate API key");
  const second = await page.context().newPage();
  await second.goto(page.url().split("?")[0]!);
  await hydrated(second);
  await sendKey(second, async () => button(await choose(second, "prod", "Rotate", "Rotate API key"), "Rotate key").click(), ROTATE, ROTATED);
  await second.close();
  guard.expectStatus(409);
  await button(rotate, "Rotate key").click();
  await expect(rotate).toHaveAccessibleDescription("This key was rotated in the meantime. Rotate its replacement instead.");
  await expect(rotate.getByRole("button")).toHaveText(["Back to the keys"]);
  await expect(dialog(page, "View API key")).toHaveCount(0);
  // Escape loads the list as the button does.
  await page.keyboard.press("Escape");
  await expect(rotate).toHaveCount(0);
  await expect(page.getByRole("cell", { name: "Rotated" })).toBeVisible();
});

test("a grace period that somebody else has ended says so", async ({ page, request, guard }) => {
  await signUp(page);
  const old = await keep(page, "prod");
  const rotate = await choose(page, "prod", "Rotate", "Rotate API key");
  const { view } = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, ROTATED);
  await button(view, "Show value").click();
  await finish(page, view);
  const change = async (at: Page) => {
    await button(at, "Actions for prod").last().click();
    await at.getByRole("menuitem", { name: "Grace period" }).filter({ visible: true }).click();
    await hydrated(at);
    return dialog(at, "Change grace period");
  };
  const first = await change(page);
  const second = await page.context().newPage();
  await second.goto(page.url().split("?")[0]!);
  await hydrated(second);
  const faster = await change(second);
  await faster.getByRole("combobox").selectOption({ label: "Stop it now" });
  await button(faster, "Stop key now").click();
  await expect(faster).toHaveCount(0);
  await second.close();
  guard.expectStatus(409);
  await first.getByRole("combobox").selectOption({ index: 3 });
  await button(first, "Change grace period").click();
  await expect(first).toHaveAccessibleDescription("This key expired in the meantime.");
  await button(first, "Back to the keys").click();
  await expect(first).toHaveCount(0);
  await expect(page.getByRole("cell", { name: "Expired" })).toBeVisible();
  expect(await ask(request, old)).toMatchObject({ status: 401 });
});

test("a key is revoked with a reason, and refused from then on", async ({ page, request, guard }) => {
  await signUp(page);
  const secret = await keep(page, "prod");
  const cancelled = await choose(page, "prod", "Revoke", "Revoke API key");
  await expect(cancelled).toContainText("prod");
  await button(cancelled, "Cancel").click();
  await expect(cancelled).toHaveCount(0);
  expect(await ask(request, secret)).toMatchObject({ status: 200 });

  const revoke = await choose(page, "prod", "Revoke", "Revoke API key");
  const reason = field(revoke, "Reason (optional)");
  await reason.fill("r".repeat(201));
  guard.expectStatus(422);
  await button(revoke, "Revoke key").click();
  await expectError(reason, "Use at most 200 characters.");
  await expect(reason).toHaveValue("r".repeat(201));
  await reason.fill(`found: ${secret}`);
  await button(revoke, "Revoke key").click();
  await expectError(reason, "Remove the API key: everyone in this account can read the reason.");
  await reason.fill("found in a public log");
  await button(revoke, "Revoke key").click();
  await expect(revoke).toHaveCount(0);
  await expect(status(page, "prod")).toHaveText("Revoked");
  expect(await ask(request, secret)).toMatchObject({ status: 401 });
  await expect((await openMenu(page, "prod")).getByRole("menuitem")).toHaveText(["Create another like this", "Delete"]);
  await page.keyboard.press("Escape");
  await page.getByRole("link", { name: "Activity" }).click();
  await expect(page.getByRole("row").filter({ hasText: "api_key.revoked" })).toContainText("found in a public log");
});

test("a key is deleted once its name is typed", async ({ page, request, guard }) => {
  await signUp(page);
  const secret = await keep(page, "prod");
  await ask(request, secret);
  const remove = await choose(page, "prod", "Delete", "Delete API key");
  await expect(remove).toContainText("Its 1 logged request is deleted too.");
  guard.expectStatus(422);
  const typed = field(remove, "Type prod to confirm");
  await typed.fill("Prod");
  await button(remove, "Delete key").click();
  await expectError(typed, /This does not match\. Type “prod”\.$/);
  await expect(typed).toHaveValue("Prod");
  expect(await ask(request, secret)).toMatchObject({ status: 200 });
  await typed.fill("prod");
  await page.keyboard.press("Enter");
  await expect(page.getByText("No data available")).toBeVisible();
  expect(await ask(request, secret)).toMatchObject({ status: 401 });
});

test("several rows are revoked, then deleted, in one action each", async ({ page, request, guard }) => {
  await signUp(page);
  const keys = [];
  for (const name of ["first", "second", "third"]) keys.push(await makeKey(page, name));
  await page.reload();
  await hydrated(page);
  const bar = page.getByRole("form", { name: "Selected keys" });
  await expect(bar).toBeHidden();
  for (const name of ["first", "third"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await expect(bar).toBeVisible();
  await button(bar, "Clear").click();
  await expect(bar).toBeHidden();
  for (const name of ["first", "third"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(bar, "Revoke selected").click();
  await hydrated(page);
  const revoke = dialog(page, "Revoke API keys");
  await expect(revoke.getByRole("listitem")).toHaveText([/third/, /first/]);
  await button(revoke, "Revoke keys").click();
  await expect(revoke).toHaveCount(0);
  for (const [name, word] of [["first", "Revoked"], ["second", "Active"], ["third", "Revoked"]] as const) {
    await expect(status(page, name)).toHaveText(word);
  }
  expect((await Promise.all(keys.map((key) => ask(request, key)))).map(({ status }) => status)).toEqual([401, 200, 401]);

  for (const name of ["first", "second"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(bar, "Delete selected").click();
  await hydrated(page);
  const remove = dialog(page, "Delete API keys");
  const typed = field(remove, "Type delete 2 keys to confirm");
  guard.expectStatus(422);
  await button(remove, "Delete keys").click();
  await expectError(typed, /This does not match\. Type “delete 2 keys”\.$/);
  await typed.fill("delete 2 keys");
  await button(remove, "Delete keys").click();
  await expect(remove).toHaveCount(0);
  await expect(row(page, "first")).toHaveCount(0);
  await expect(row(page, "second")).toHaveCount(0);
  await expect(status(page, "third")).toHaveText("Revoked");
});

test("rotated and revoked by keyboard alone, from the page of the key", async ({ page, request }) => {
  await signUp(page);
  const old = await keep(page, "prod");
  const { keyboard } = page;
  await page.getByRole("link", { name: "prod", exact: true }).focus();
  await keyboard.press("Enter");
  await page.waitForURL(/\/api-keys\/[0-9a-f-]{36}$/);
  await hydrated(page);
  const home = page.url();
  await button(page, "Rotate").focus();
  await keyboard.press("Enter");
  const rotate = dialog(page, "Rotate API key");
  await expect(heading(rotate)).toBeFocused();
  await keyboard.press("Escape");
  await expect(rotate).toHaveCount(0);
  await expect(button(page, "Rotate")).toBeFocused();
  await button(page, "Revoke").focus();
  await keyboard.press("Space");
  const revoke = dialog(page, "Revoke API key");
  await expect(heading(revoke)).toBeFocused();
  await keyboard.press("Tab");
  await expect(field(revoke, "Reason (optional)")).toBeFocused();
  await keyboard.press("Enter");
  await expect(page.getByText("Revoked", { exact: true }).first()).toBeVisible();
  expect(new URL(page.url()).pathname).toBe(new URL(home).pathname);
  expect(await ask(request, old)).toMatchObject({ status: 401 });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("rotated, stopped, revoked and deleted", async ({ page, request, guard }) => {
    await signUp(page, somebody(), false);
    const old = await makeKey(page, "prod");
    await page.reload();
    const rotate = await choose(page, "prod", "Rotate", "Rotate API key", false);
    await grace(rotate).selectOption("1");
    await button(rotate, "Rotate key").click();
    await expect(page.getByRole("heading", { name: ROTATED })).toBeVisible();
    const secret = await field(page, "New API key").inputValue();
    secrets.add(secret);
    expect(secret).toMatch(KEY);
    for (const key of [old, secret]) expect(await ask(request, key)).toMatchObject({ status: 200 });
    await page.getByRole("button", { name: "Done" }).or(page.getByRole("link", { name: "Done" })).click();

    await page.goto(`${page.url().split(/[?#]/)[0]}?status=rotated`);
    await askPlainly(page, "prod", "grace");
    const change = dialog(page, "Change grace period");
    await change.getByRole("combobox").selectOption({ label: "Stop it now" });
    await button(change, "Stop key now").click();
    await expect(change).toHaveCount(0);
    expect(await ask(request, old)).toMatchObject({ status: 401 });

    for (const box of await page.getByRole("checkbox", { name: "Select prod" }).all()) await box.check();
    await button(page, "Revoke selected").click();
    const revoke = dialog(page, "Revoke API keys");
    await button(revoke, "Revoke keys").click();
    // The boxes of the page that is left are not those that are ticked next.
    await expect(page.getByText("Revoked 1 key. 1 was skipped: it had already ended.")).toBeVisible();
    expect(await ask(request, secret)).toMatchObject({ status: 401 });

    for (const box of await page.getByRole("checkbox", { name: "Select prod" }).all()) await box.check();
    await button(page, "Delete selected").click();
    const remove = dialog(page, "Delete API keys");
    guard.expectStatus(422);
    await field(remove, "Type delete 2 keys to confirm").fill("delete");
    await button(remove, "Delete keys").click();
    await expect(field(remove, "Type delete 2 keys to confirm")).toHaveAccessibleDescription(/This does not match\. Type “delete 2 keys”\.$/);
    await field(remove, "Type delete 2 keys to confirm").fill("delete 2 keys");
    await button(remove, "Delete keys").click();
    await expect(page.getByText("No data available")).toBeVisible();
  });

  test("a reload sends the rotation again: it says so, and shows no secret", async ({ page, request, guard }) => {
    await signUp(page, somebody(), false);
    const old = await makeKey(page, "prod");
    await page.reload();
    await button(await choose(page, "prod", "Rotate", "Rotate API key", false), "Rotate key").click();
    const secret = await field(dialog(page, ROTATED), "New API key").inputValue();
    secrets.add(secret);
    guard.expectStatus(409);
    await page.reload();
    const told = dialog(page, "This form was sent already");
    await expect(told).toContainText("If you do not have it, reissue it.");
    await expectGone(page, secret);
    for (const key of [old, secret]) expect(await ask(request, key)).toMatchObject({ status: 200 });
    await button(told, "Done").click();
    await expect(page.getByRole("rowheader", { name: "prod" })).toHaveCount(2);
  });

  test("a reason that cannot be kept is said at its field, and nothing is revoked", async ({ page, request, guard }) => {
    await signUp(page, somebody(), false);
    const secret = await makeKey(page, "prod");
    await page.reload();
    guard.expectStatus(422);
    const revoke = await choose(page, "prod", "Revoke", "Revoke API key", false);
    const reason = field(revoke, "Reason (optional)");
    for (const [typed, sentence] of [
      ["r".repeat(201), "Use at most 200 characters."],
      [`found: ${secret}`, "Remove the API key: everyone in this account can read the reason."],
    ] as const) {
      await reason.fill(typed);
      const answered = page.waitForResponse((answer) => answer.request().method() === "POST");
      await button(revoke, "Revoke key").click();
      expect((await answered).status()).toBe(422);
      await expectError(reason, sentence, false);
      await expect(reason).toHaveValue(typed);
      expect(await ask(request, secret)).toMatchObject({ status: 200 });
    }
    await reason.fill("found in a public log");
    await button(revoke, "Revoke key").click();
    await expect(status(page, "prod")).toHaveText("Revoked");
    expect(await ask(request, secret)).toMatchObject({ status: 401 });
  });
});
