// Dialogs that open in place: without a step in the history, and when the key has changed meanwhile.

import {
  button, dialog, expectFocusInside, field, finish, heading, hydrated, isModal, opener, openMenu, PASSWORD, ROTATE,
  row, secretField, sendKey, signIn, signUp, somebody,
} from "../fixtures/journey";
import { ask, makeKey, postForm, slugOf } from "../fixtures/keys";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const FRAGMENT = /\/api-keys\/dialog\?/;
const idOf = async (page: Page, name: string) =>
  (await page.getByRole("link", { name, exact: true }).first().getAttribute("href"))!.split("/").pop()!;
const steps = (page: Page) => page.evaluate(() => history.length);

test("Back leads to no dialog, neither a closed one nor one that was done", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await page.getByRole("link", { name: "Scopes" }).click();
  const scopes = page.url();
  await page.getByRole("link", { name: "API keys" }).click();
  await expect(row(page, "prod")).toBeVisible();
  await hydrated(page);
  const before = await steps(page);

  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await expect(dialog(page, "Revoke API key")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(dialog(page, "Revoke API key")).toHaveCount(0);
  await page.goBack();
  await expect(page).toHaveURL(scopes);
  await page.goForward();
  await expect(row(page, "prod")).toBeVisible();
  await hydrated(page);
  await expect(page.getByRole("dialog")).toHaveCount(0);

  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await button(dialog(page, "Revoke API key"), "Revoke key").click();
  await expect(page.getByRole("cell", { name: "Revoked" })).toBeVisible();
  expect(await steps(page)).toBe(before);
  await page.goBack();
  await expect(page).toHaveURL(scopes);
  await page.goForward();
  await expect(page.getByRole("cell", { name: "Revoked" })).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("the address of a dialog opens it once; a reload and Back do not", async ({ page }) => {
  await signUp(page);
  const home = page.url();
  await makeKey(page, "prod");
  await page.reload();
  const id = await idOf(page, "prod");
  await page.goto(`${home}?dialog=revoke&key=${id}`);
  await hydrated(page);
  const revoke = dialog(page, "Revoke API key");
  expect(await isModal(revoke)).toBe(true);
  await expect(page).toHaveURL(home);
  await page.keyboard.press("Escape");
  await expect(revoke).toBeHidden();
  await expect(row(page, "prod")).toBeFocused();
  await page.reload();
  await expect(row(page, "prod")).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test("what changed in another tab is said in place of the form", async ({ page, guard }) => {
  await signUp(page);
  const [account, home] = [slugOf(page), page.url()];
  for (const name of ["revoked", "deleted", "rotated", "sent"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const ids = Object.fromEntries(await Promise.all(
    ["revoked", "deleted", "rotated", "sent"].map(async (name) => [name, await idOf(page, name)] as const),
  ));
  const post = async (what: string, fields: Record<string, string>) =>
    expect((await postForm(page, `/api/keys/${what}`, { account, ...fields })).status()).toBe(200);
  const rotate = async () => {
    const rotation = await postForm(page, "/api/keys/rotate", { account, key: ids["rotated"]!, grace: "1", form_token: "0".repeat(32) });
    secrets.add(((await rotation.json()) as { secret: string }).secret);
  };

  guard.expectStatus(409, 404);
  const told = async (open: Locator, sentence: string) => {
    await expect(open).toHaveAccessibleDescription(sentence);
    await expect(open.getByRole("button")).toHaveText(["Back to the keys"]);
    await expect(open.locator("form[method=post]")).toHaveCount(0);
    await expect(button(open, "Back to the keys")).toBeFocused();
  };
  for (const [name, change, item, sentence, statuses] of [
    ["revoked", () => post("revoke", { "keys[]": ids["revoked"]! }), "Rotate", "This key was revoked in the meantime.", ["Revoked"]],
    ["deleted", () => post("delete", { "keys[]": ids["deleted"]!, confirm: "deleted" }), "Revoke", "This key was deleted in the meantime.", []],
    ["rotated", rotate, "Rotate", "This key was rotated in the meantime. Rotate its replacement instead.", ["Active", "Rotated"]],
  ] as const) {
    // Makes the rows of this tab out of date.
    await change();
    await (await openMenu(page, name)).getByRole("menuitem", { name: item }).click();
    await told(dialog(page, `${item} API key`), sentence);
    // Escape loads the list anew, as the button does, and neither is a step in the history.
    const stepsBefore = await steps(page);
    await page.keyboard.press("Escape");
    await expect(row(page, name).getByRole("cell", { name: /^(Active|Rotated|Revoked)$/ })).toHaveText([...statuses]);
    await hydrated(page);
    await expect(page.getByRole("dialog")).toHaveCount(0);
    expect([page.url(), await steps(page)]).toEqual([home, stepsBefore]);
  }

  // The same when the form is sent.
  await (await openMenu(page, "sent")).getByRole("menuitem", { name: "Revoke" }).click();
  const revoke = dialog(page, "Revoke API key");
  await expect(heading(revoke)).toBeFocused();
  await post("delete", { "keys[]": ids["sent"]!, confirm: "sent" });
  await button(revoke, "Revoke key").click();
  await told(revoke, "This key was deleted in the meantime.");
  const before = await steps(page);
  await button(revoke, "Back to the keys").click();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  await expect(row(page, "sent")).toHaveCount(0);
  expect(await steps(page)).toBe(before);
});

test("two quick clicks open one dialog, and its button is busy meanwhile", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await page.getByRole("link", { name: "prod", exact: true }).click();
  await page.waitForURL(/\/api-keys\/[0-9a-f-]{36}$/);
  await hydrated(page);
  let asked = 0;
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route(FRAGMENT, async (route) => {
    asked += 1;
    await held;
    await route.continue();
  });
  const revoke = page.getByRole("form", { name: "Actions" }).getByRole("button", { name: "Revoke" });
  await revoke.dblclick();
  await expect(revoke).toHaveAttribute("aria-busy", "true");
  go();
  await expect(dialog(page, "Revoke API key")).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(1);
  expect(asked).toBe(1);
  await expect(revoke).not.toHaveAttribute("aria-busy");
});

test("without an answer nothing is lost, and a dialog says so", async ({ page, guard }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  guard.expectFailure(FRAGMENT);
  await page.route(FRAGMENT, (route) => route.abort("internetdisconnected"));
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Delete" }).click();
  const told = dialog(page, "The dialog could not be loaded");
  await expect(told).toHaveAccessibleDescription("Nothing was changed. Check your connection, then try again.");
  await expectFocusInside(told);
  await button(told, "Close").click();
  await expect(told).toBeHidden();
  await expect(button(page, "Actions for prod")).toBeFocused();
  await page.unroute(FRAGMENT);
  // A server that answers has another reason.
  guard.expectStatus(503);
  await page.route(FRAGMENT, (route) => route.fulfill({ status: 503, contentType: "text/html", body: "<!DOCTYPE html>" }));
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Delete" }).click();
  await expect(told).toHaveAccessibleDescription(
    "Nothing was changed. The server is busy or has a problem. Try again in a few seconds.",
  );
  await button(told, "Close").click();
  await page.unroute(FRAGMENT);
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Delete" }).click();
  await expect(dialog(page, "Delete API key")).toBeVisible();
});

test("signed out meanwhile, a dialog opens after signing in", async ({ page, context, guard }) => {
  const ada = await signUp(page, somebody());
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  await context.clearCookies();
  guard.expectStatus(401);
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await page.waitForURL(/\/sign-in\?next=/);
  await signIn(page, { email: ada.email, password: PASSWORD });
  await expect(dialog(page, "Revoke API key")).toBeVisible();
  await expect(dialog(page, "Revoke API key")).toContainText("prod");
});

test("a session that ended on the server is said at sign-in, and the dialog opens afterwards", async ({ page, guard, server }) => {
  const ada = await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  await server.run("user", "sign-out", "--email", ada.email, "--yes");
  guard.expectStatus(401);
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await page.waitForURL(/\/sign-in\?next=/);
  await expect(page.getByText("Your session has ended. Sign in to go on.", { exact: true })).toBeVisible();
  await signIn(page, ada);
  await expect(dialog(page, "Revoke API key")).toContainText("prod");
});

test("a page that the browser puts aside keeps no open dialog", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await expect(dialog(page, "Revoke API key")).toBeVisible();
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await expect(page.getByRole("dialog")).toHaveCount(0);
  const again = page.waitForEvent("load");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await again;
  await hydrated(page);
  await expect(row(page, "prod")).toBeVisible();
});

test("several keys: from the bar to the dialog, and back without a step", async ({ page }) => {
  await signUp(page);
  for (const name of ["first", "second"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const before = await steps(page);
  for (const name of ["first", "second"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(page, "Revoke selected").click();
  const revoke = dialog(page, "Revoke API keys");
  await expect(heading(revoke)).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(revoke).toHaveCount(0);
  await expect(button(page, "Revoke selected")).toBeFocused();
  await expect(page.getByRole("checkbox", { name: "Select first" })).toBeChecked();
  await button(page, "Revoke selected").click();
  await button(revoke, "Revoke keys").click();
  await expect(page.getByRole("cell", { name: "Revoked" })).toHaveCount(2);
  expect(await steps(page)).toBe(before);
});

test.describe("a laptop", () => {
  test.use({ viewport: { width: 1280, height: 800 } });

  test("all of a new key is in view at 800 px", async ({ page }) => {
    await signUp(page);
    await opener(page).click();
    const add = dialog(page, "Add API key");
    await field(add, "Name").fill("in view");
    await add.getByRole("radio", { name: /^Full Access/ }).check();
    const { view } = await sendKey(page, () => button(add, "Add").click());
    await expect(view.getByRole("heading", { level: 3 })).toHaveText(["How to use it"]);
    await expect(secretField(view)).toBeInViewport({ ratio: 1 });
    await expect(button(view.getByRole("tabpanel"), "Copy")).toBeInViewport({ ratio: 1 });
    await expect(button(view, "Done")).toBeInViewport({ ratio: 1 });
    await button(view, "Show value").click();
    await finish(page, view);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the address of a dialog that cannot be opened leads to the list", async ({ page, guard }) => {
    await signUp(page, somebody(), false);
    const home = page.url();
    const account = slugOf(page);
    for (const name of ["revoked", "deleted"]) await makeKey(page, name);
    await page.reload();
    const [revoked, deleted] = [await idOf(page, "revoked"), await idOf(page, "deleted")];
    await page.goto(`${home}?search=re&dialog=revoke&key=${revoked}`);
    await expect(dialog(page, "Revoke API key")).toBeVisible();
    await postForm(page, "/api/keys/revoke", { account, "keys[]": revoked });
    await postForm(page, "/api/keys/delete", { account, "keys[]": deleted, confirm: "deleted" });
    // The form of the open dialog finds out too.
    guard.expectStatus(409);
    await button(dialog(page, "Revoke API key"), "Revoke key").click();
    const told = dialog(page, "Revoke API key");
    await expect(told).toContainText("This key was revoked in the meantime.");
    await button(told, "Back to the keys").click();
    await expect(row(page, "revoked")).toBeVisible();
    for (const query of [
      `dialog=revoke&key=${revoked}`, `dialog=rotate&key=${revoked}`, `dialog=delete&key=${deleted}`, "dialog=grace&key=x", "dialog=revoke",
    ]) {
      await page.goto(`${home}?search=re&${query}`);
      await expect(page).toHaveURL(`${home}?search=re`);
      await expect(page.getByRole("dialog")).toHaveCount(0);
    }
  });

  test("an action from the page of a key ends there", async ({ page }) => {
    await signUp(page, somebody(), false);
    await makeKey(page, "prod");
    await page.reload();
    await page.getByRole("link", { name: "prod", exact: true }).click();
    await page.waitForURL(/\/api-keys\/[0-9a-f-]{36}$/);
    const home = page.url();
    await button(page, "Rotate").click();
    await button(dialog(page, "Rotate API key"), "Rotate key").click();
    const view = dialog(page, "Key rotated successfully");
    secrets.add(await field(view, "New API key").inputValue());
    await view.getByRole("link", { name: "Done", exact: true }).click();
    await expect(page).toHaveURL(new RegExp(`^${home}(#status)?$`));
    await button(page, "Revoke").click();
    await button(dialog(page, "Revoke API key"), "Revoke key").click();
    await expect(page).toHaveURL(`${home}#status`);
    await expect(page.getByText("Revoked", { exact: true }).first()).toBeVisible();
  });
});

test("the status line appears again once the page is open, so that it is heard", async ({ page }) => {
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const line = (target as Element).closest<HTMLElement>("[data-status]");
        if (line) told.push(line.innerText.trim());
      }
    }).observe(document, { attributeFilter: ["hidden"], subtree: true });
  });
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Revoke" }).click();
  await button(dialog(page, "Revoke API key"), "Revoke key").click();
  await expect(page.getByRole("status").filter({ hasText: "Revoked prod." })).toBeVisible();
  await expect.poll(() => page.evaluate(() => (window as unknown as { told: string[] }).told)).toEqual(["", expect.stringContaining("Revoked prod.")]);
  await expect(page.getByRole("link", { name: "See the key" })).toBeVisible();
});

test("a lost secret is reissued from the row of a key that was never used", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "lost");
  await page.reload();
  await hydrated(page);
  const link = row(page, "lost").getByRole("link", { name: "Secret lost? Reissue" });
  await link.click();
  const reissue = dialog(page, "Reissue secret");
  await expect(reissue).toContainText("lost");
  await page.keyboard.press("Escape");
  await expect(link).toBeFocused();
  await page.setViewportSize({ width: 360, height: 740 });
  await expect(link).toBeVisible();
});

test.describe("far from UTC", () => {
  test.use({ timezoneId: "Asia/Tokyo" });

  test("dialogs and the status line have local times, and a time that passes stays true", async ({ page, request }) => {
    await page.clock.install();
    await signUp(page);
    expect(await ask(request, await makeKey(page, "prod", { expires: "30" }))).toMatchObject({ status: 200 });
    await page.reload();
    await hydrated(page);
    await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Rotate" }).click();
    const rotate = dialog(page, "Rotate API key");
    await field(rotate, "Grace period").selectOption({ index: 1 });
    const local = String.raw`\(your time: [^)]*GMT\+9\)`;
    const until = new RegExp(String.raw`works until \d+ \w+( \d{4})?, \d\d:\d\d UTC \(in 6 hours\)\. ${local}`);
    await expect(rotate.getByText(new RegExp(String.raw`^The old key stops on .* UTC\. ${local}$`)).filter({ visible: true })).toHaveCount(1);
    await expect(rotate).toContainText(new RegExp(String.raw`Expires on .* at \d\d:\d\d UTC ${local}\. You will see it once`));
    const { view } = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, "Key rotated successfully");
    await expect(view).toContainText(new RegExp(String.raw`Full Access · expires \d+ \w+( \d{4})?, \d\d:\d\d UTC ${local}`));
    await expect(view).toContainText(until);
    await button(view, "Show value").click();
    await finish(page, view);
    await expect(page.locator("[data-status]")).toContainText(until);
    await button(page.locator("[data-status]"), "Change grace period").click();
    const grace = dialog(page, "Change grace period");
    await expect(field(grace, "Grace period")).toHaveAccessibleDescription(new RegExp(String.raw`^The old key stops on .* UTC\. ${local} Hours are counted`));
    await field(grace, "Grace period").selectOption("0");
    const used = grace.getByText(/A stopped key cannot be restarted\. It was last used .+\.$/).locator("time");
    await expect(used).toHaveAttribute("title", /GMT\+9$/);
    await page.keyboard.press("Escape");
    await expect(grace).toHaveCount(0);
    const about = row(page, "prod").last().getByRole("rowheader").locator("time").first();
    await expect(about).toHaveText(/^in \d+/);
    await page.clock.fastForward(100 * 3_600_000);
    await expect(about).toHaveText(/GMT\+9$/);
  });
});
