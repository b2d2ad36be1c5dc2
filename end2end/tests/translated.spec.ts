// Every dialog and every page with a script, in a browser that translates: what has to be copied or typed stays as it
// is, states can be read after each action, and forms are sent.

import { button, dialog, field, finish, hydrated, KEY, KEYS_PAGE, REISSUE, ROTATE, sendKey, somebody } from "../fixtures/journey";
import { makeKey, slugOf } from "../fixtures/keys";
import { expect, test, type Locator, type Page } from "../fixtures/test";
import { t, translate } from "../fixtures/translator";

/** What the clipboard holds. The policy of our pages does not let them read it. */
async function copied(page: Page): Promise<string> {
  const elsewhere = await page.context().newPage();
  await elsewhere.setContent("<label>Paste here <textarea></textarea></label>");
  await field(elsewhere, "Paste here").focus();
  await elsewhere.keyboard.press("ControlOrMeta+V");
  const text = await field(elsewhere, "Paste here").inputValue();
  await elsewhere.close();
  await page.bringToFront();
  return text;
}
const said = (page: Page) => page.locator("[data-status]");

test.beforeEach(async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await translate(page);
  const ada = somebody();
  await page.goto("/sign-up");
  for (const [label, value] of [["Name", ada.name], ["Email", ada.email], ["Password", ada.password]] as const) {
    await field(page, t(label)).fill(value);
  }
  const shows = button(page, t("Show password"));
  await shows.click();
  await expect(shows).toHaveAttribute("aria-pressed", "true");
  await expect(field(page, t("Password"))).toHaveAttribute("type", "text");
  await button(page, t("Create account")).click();
  await page.waitForURL(KEYS_PAGE);
  await hydrated(page);
});

/** Opens the dialog that an item of a row's menu leads to. */
async function choose(page: Page, key: string, item: string, title: string): Promise<Locator> {
  const name = `${t("Actions for")} ${key}`;
  await button(page, name).first().click();
  const menu = page.getByRole("menu", { name, exact: true });
  await menu.getByRole("menuitem", { name: t(item), exact: true }).click();
  const open = dialog(page, t(title));
  await expect(open).toBeVisible();
  return open;
}

/** `View API key` after `send`, with the value shown and hidden again. Returns the secret. */
async function reveal(page: Page, send: () => Promise<void>, path: RegExp, title = "View API key", label = "API key"): Promise<string> {
  const { view, secret } = await sendKey(page, send, path, t(title));
  await button(view, t("Show value")).click();
  await expect(field(view, t(label))).toHaveValue(secret);
  await button(view, t("Hide value")).click();
  await expect(field(view, t(label))).toHaveValue(/^bye_.{5}•+$/);
  await finish(page, view, t("Done"));
  return secret;
}

test("a key is created, copied and found again", async ({ page }) => {
  await button(page, t("Create API key")).first().click();
  const add = dialog(page, t("Add API key"));
  await field(add, t("Name")).fill("production");
  await add.getByRole("radio", { name: t("Full Access"), exact: true }).check();
  const sum = add.locator("[data-sum]");
  await expect(sum).toHaveText(t("Full Access, never expires, any address"));
  await button(add, t("Add it")).click();
  await expect(field(add, t("IP allowlist (optional)"))).toHaveValue("127.0.0.1");
  await expect(add.getByRole("status").getByRole("listitem")).toHaveText([t("127.0.0.1: one address")]);
  await expect(sum).toHaveText(t("Full Access, never expires, 1 allowlist entry"));
  const { view, secret } = await sendKey(page, () => button(add, t("Add")).click(), /keys\/create$/, t("View API key"));
  await expect(view.locator("p bdi").first()).toHaveText("production");

  await page.keyboard.press("Escape");
  await expect(view.getByRole("alert")).toHaveText(t("You have not copied this key yet. You will not see it again after you close this."));
  await button(view, t("Back to the key")).click();
  await expect(view.getByRole("alert")).toHaveText("");
  const value = field(view, t("API key"));
  await button(view, t("Show value")).click();
  await expect(value).toHaveValue(secret);
  await button(view, t("Hide value")).click();
  await expect(value).not.toHaveValue(KEY);
  await view.getByRole("tab", { name: t("Secrets manager") }).click();
  const panel = view.getByRole("tabpanel", { name: t("Secrets manager") });
  await expect(panel.locator("code")).toContainText("•••");
  for (const [scope, text] of [[view, new RegExp(`^${secret}$`)], [panel, new RegExp(secret)]] as const) {
    const copy = scope.getByRole("button", { name: t("Copy"), exact: true }).first();
    await copy.click();
    await expect(scope.getByRole("button", { name: t("Copied"), exact: true }).first()).toBeVisible();
    const pasted = await copied(page);
    expect(pasted).toMatch(text);
    expect(pasted).not.toContain("ß");
  }
  await finish(page, view, t("Done"));

  await expect(said(page)).toContainText(`${t("Created")} production.`);
  const row = page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: "production", exact: true }) });
  await expect(row.getByRole("cell", { name: /^bye_\w{5}\.\.\.$/ })).toBeVisible();
  await expect(row.getByRole("cell", { name: "127.0.0.1", exact: true })).toBeVisible();
  const box = row.getByRole("checkbox", { name: `${t("Select")} production`, exact: true });
  await box.check();
  await expect(page.getByRole("form", { name: "Selected keys" }).getByRole("status")).toHaveText(t("1 selected"));
  await button(page, t("Clear")).click();
  await expect(box).not.toBeChecked();
  // The keys of the menu, whatever stands between its items.
  await button(page, `${t("Actions for")} production`).focus();
  await page.keyboard.press("ArrowDown");
  for (const [key, item] of [["End", "Delete"], ["ArrowDown", "Rotate"], ["ArrowUp", "Delete"], ["Home", "Rotate"]] as const) {
    await page.keyboard.press(key);
    await expect(page.getByRole("menuitem", { name: t(item), exact: true })).toBeFocused();
  }
  await page.keyboard.press("Escape");
  const search = page.getByRole("searchbox", { name: t("Search") });
  await search.fill("duct");
  await search.press("Enter");
  await expect(search).toHaveAccessibleDescription(`${t("1 key matches")} “duct”`);
  await expect(page.getByRole("status").filter({ hasText: "duct" })).toBeVisible();

  await page.getByRole("link", { name: "production", exact: true }).click();
  await hydrated(page);
  await button(page, t("Copy")).click();
  await expect(button(page, t("Copied"))).toBeVisible();
  expect(await copied(page)).toBe(new URL(page.url()).pathname.split("/").pop());
  const times = button(page, t("Exact times"));
  const time = page.getByRole("region", { name: t("About") }).locator("time").first();
  await times.click();
  await expect(time).toHaveText(/ \d{4}, \d\d:\d\d /);
  await times.click();
  await expect(time).toHaveText(/agoß|nowß/);
});

test("each dialog about a key does what it says", async ({ page, guard }) => {
  for (const name of ["staging", "production"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const rotate = await choose(page, "production", "Rotate", "Rotate API key");
  await field(rotate, t("Grace period")).selectOption("48");
  await reveal(page, () => button(rotate, t("Rotate key")).click(), ROTATE, "Key rotated successfully", "New API key");
  await expect(said(page)).toHaveText(/^Rotatedß production\. Theß oldß keyß bye_\w{5}\.\.\. worksß untilß /);
  await button(said(page), t("Change grace period")).click();
  const grace = dialog(page, t("Change grace period"));
  await field(grace, t("Grace period")).selectOption("0");
  await button(grace, t("Stop key now")).click();
  await expect(said(page)).toHaveText(/^production \(bye_\w{5}\.\.\.\) hasß expiredß/);

  await hydrated(page);
  const reissue = await choose(page, "staging", "Reissue secret", "Reissue secret");
  await reveal(page, () => button(reissue, t("Reissue secret")).click(), REISSUE);

  const revoke = await choose(page, "staging", "Revoke", "Revoke API key");
  const reason = field(revoke, t("Reason (optional)"));
  await reason.fill("r".repeat(201));
  await expect(revoke.locator("[data-count-of]")).toHaveText(t("201 of 200 characters"));
  guard.expectStatus(422);
  await button(revoke, t("Revoke key")).click();
  await expect(reason).toHaveAccessibleDescription(new RegExp(t("Use at most 200 characters")));
  await reason.fill("lost");
  await button(revoke, t("Revoke key")).click();
  await expect(said(page)).toContainText(`${t("Revoked")} staging.`);

  await hydrated(page);
  const remove = await choose(page, "staging", "Delete", "Delete API key");
  const typed = field(remove, `${t("Type")} staging ${t("to confirm")}`);
  await typed.fill("staging");
  await button(remove, t("Delete key")).click();
  await expect(said(page)).toHaveText(`${t("Deleted")} staging.`);

  await hydrated(page);
  for (const box of await page.getByRole("checkbox", { name: `${t("Select")} production`, exact: true }).all()) await box.check();
  await button(page, t("Delete selected")).click();
  const several = dialog(page, t("Delete API keys"));
  await expect(field(several, `${t("Type")} delete 2 keys ${t("to confirm")}`)).toBeFocused();
  await button(several, t("Cancel")).click();
  await expect(several).toHaveCount(0);
  guard.expectFailure(/\/dialog\?/);
  await page.route(/\/dialog\?/, (route) => route.abort());
  await button(page, t("Delete selected")).click();
  await button(dialog(page, t("The dialog could not be loaded")), t("Close")).click();
  await expect(page.getByRole("dialog")).toHaveCount(0);

  const home = `/home/${slugOf(page)}`;
  await page.goto(`${home}/guard?proxy=caddy`);
  await hydrated(page);
  await button(page, t("Copy")).click();
  await expect(button(page, t("Copied"))).toBeVisible();
  const file = await (await page.request.get(`${home}/guard/caddy`)).text();
  expect((await copied(page)).trim()).toBe(file.trim());
  await page.goto(`${home}/activity`);
  await expect(page.getByRole("cell", { name: "api_key.revoked", exact: true })).toBeVisible();
  await page.goto(`${home}/scopes`);
  await expect(page.getByRole("rowheader", { name: /^account:read GET \/v1\/status/ })).toBeVisible();
});
