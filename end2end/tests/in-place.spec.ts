// Dialogs that open in place: by keyboard alone, without a step in the history, and when the key has changed meanwhile.

import {
  button, dialog, expectFocusInside, field, finish, heading, hydrated, isModal, opener, openMenu, PASSWORD, REISSUE, ROTATE, row,
  secretField, sendKey, signIn, signUp, somebody,
} from "../fixtures/journey";
import { makeKey, postForm, slugOf } from "../fixtures/keys";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const FRAGMENT = /\/api-keys\/dialog\?/;
const idOf = async (page: Page, name: string) =>
  (await page.getByRole("link", { name, exact: true }).first().getAttribute("href"))!.split("/").pop()!;
const steps = (page: Page) => page.evaluate(() => history.length);

/** Each dialog: its item, title, description and stops, first the one with the focus. */
interface Dialog {
  item: string;
  title: string;
  says: string | RegExp;
  stops: (open: Locator) => Locator[];
}
const DIALOGS: Dialog[] = [
  {
    item: "Rotate",
    title: "Rotate API key",
    says: "Creates a replacement key. The old key keeps working during the grace period.",
    stops: (open) => [heading(open), field(open, "Grace period"), button(open, "Cancel"), button(open, "Rotate key")],
  },
  {
    item: "Reissue secret",
    title: "Reissue secret",
    says:
      "Lost the secret? This key was never used, so you can give it a new one. " +
      "The current secret stops working immediately. You will see the new one once, on the next screen.",
    stops: (open) => [heading(open), button(open, "Cancel"), button(open, "Reissue secret")],
  },
  {
    item: "Revoke",
    title: "Revoke API key",
    says:
      "Programs that use this key stop working immediately. This cannot be undone. " +
      "Its requests get 401 from now on. The key stays in the list and its log is kept.",
    stops: (open) => [heading(open), field(open, "Reason (optional)"), button(open, "Cancel"), button(open, "Revoke key")],
  },
  {
    item: "Delete",
    title: "Delete API key",
    says: /^Deletes the key and its request log\. This cannot be undone\. .*Entries in Activity are kept\.$/,
    stops: (open) => [open.getByRole("textbox"), button(open, "Cancel"), button(open, "Delete key")],
  },
];
/** The dialogs of a new key, which are not of a row. */
const ADD = { title: "Add API key", says: "You will see the key once, on the next screen." };
const VIEW_SAYS = /^\S.* · .+ You can only see this key once\. Store it safely\.$/;
const GRACE: Dialog = {
  item: "Grace period",
  title: "Change grace period",
  says: "Choose when the old key stops working.",
  stops: (open) => [heading(open), field(open, "Grace period"), button(open, "Cancel"), button(open, "Change grace period")],
};

/** Focuses and presses the button of a row's menu, then the item. */
async function fromMenu(page: Page, name: string, item: string): Promise<void> {
  await button(page, `Actions for ${name}`).first().focus();
  await page.keyboard.press("Enter");
  const choice = page.getByRole("menuitem", { name: item, exact: true }).filter({ visible: true });
  await choice.focus();
  await page.keyboard.press("Enter");
}

/** Focuses and presses a button of the key's page. */
async function fromPage(page: Page, item: string): Promise<void> {
  await page.getByRole("form", { name: "Actions" }).getByRole("button", { name: item, exact: true }).focus();
  await page.keyboard.press("Enter");
}

/** Opens a dialog, goes through its stops, leaves it with Escape and opens it again. */
async function walk(page: Page, open: () => Promise<void>, opener: Locator, about: Dialog): Promise<Locator> {
  const question = dialog(page, about.title);
  const before = [page.url(), await steps(page)];
  await open();
  const stops = about.stops(question);
  await expect(stops[0]!).toBeFocused();
  expect(await isModal(question)).toBe(true);
  await expect(question).toHaveAccessibleDescription(about.says);
  for (const landmark of ["banner", "contentinfo"] as const) await expect(page.getByRole(landmark)).toHaveCount(0);
  for (const stop of stops.slice(1)) {
    await page.keyboard.press("Tab");
    await expect(stop).toBeFocused();
  }
  for (const stop of stops.slice(1, -1).reverse()) {
    await page.keyboard.press("Shift+Tab");
    await expect(stop).toBeFocused();
  }
  await page.keyboard.press("Escape");
  await expect(question).toHaveCount(0);
  await expect(opener).toBeFocused();
  // Cancel does the same.
  await open();
  await button(question, "Cancel").focus();
  await page.keyboard.press("Enter");
  await expect(question).toHaveCount(0);
  await expect(opener).toBeFocused();
  await open();
  await expect(stops[0]!).toBeFocused();
  expect([page.url(), await steps(page)]).toEqual(before);
  return question;
}

/** Shows the new secret by keyboard and closes the dialog. */
async function keepByKeyboard(page: Page, view: Locator): Promise<void> {
  await page.keyboard.press("Shift+Tab");
  await expect(button(view, "Show value")).toBeFocused();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Escape");
  await expect(view).toBeHidden();
}

test("every dialog by keyboard alone, from the menu of a row", async ({ page }) => {
  test.slow();
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await hydrated(page);
  const actions = button(page, "Actions for prod");
  const open = (about: Dialog) => walk(page, () => fromMenu(page, "prod", about.item), actions.first(), about);
  const [rotate, reissue, revoke, remove] = DIALOGS as [Dialog, Dialog, Dialog, Dialog];

  await opener(page).focus();
  await page.keyboard.press("Enter");
  await expect(dialog(page, ADD.title)).toHaveAccessibleDescription(ADD.says);
  await page.keyboard.press("Escape");

  const renew = await open(reissue);
  await button(renew, "Reissue secret").focus();
  const renewed = await sendKey(page, () => page.keyboard.press("Enter"), REISSUE);
  await expect(renewed.view).toHaveAccessibleDescription(VIEW_SAYS);
  await keepByKeyboard(page, renewed.view);
  await page.waitForURL(/created=/);
  await hydrated(page);
  await expect(row(page, "prod")).toBeFocused();

  const replace = await open(rotate);
  await button(replace, "Rotate key").focus();
  const made = await sendKey(page, () => page.keyboard.press("Enter"), ROTATE, "Key rotated successfully");
  await keepByKeyboard(page, made.view);
  await expect(row(page, "prod").first()).toBeFocused();
  await hydrated(page);

  // The old key is the second row.
  const change = dialog(page, GRACE.title);
  await actions.last().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("menuitem", { name: "Grace period", exact: true }).filter({ visible: true }).focus();
  await page.keyboard.press("Enter");
  await expect(heading(change)).toBeFocused();
  await field(change, "Grace period").selectOption({ label: "Stop it now" });
  await expect(change).toHaveAccessibleDescription(/The key stops immediately\. A stopped key cannot be restarted\. It was never used\.$/);
  await button(change, "Stop key now").focus();
  await page.keyboard.press("Enter");
  await page.waitForURL(/changed=/);
  await hydrated(page);
  await expect(page.getByRole("cell", { name: "Expired" })).toBeVisible();

  const stop = await open(revoke);
  await button(stop, "Revoke key").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("cell", { name: "Revoked" })).toBeVisible();
  await hydrated(page);

  const erase = await open(remove);
  await page.keyboard.type("prod");
  await page.keyboard.press("Enter");
  await expect(erase).toHaveCount(0);
  await expect(row(page, "prod")).toHaveCount(1);
});

test("every dialog by keyboard alone, from the page of a key, where it also ends", async ({ page }) => {
  test.slow();
  await signUp(page);
  const list = page.url();
  await makeKey(page, "prod");
  await page.reload();
  await page.getByRole("link", { name: "prod" }).click();
  await page.waitForURL(/\/api-keys\/[0-9a-f-]{36}$/);
  await hydrated(page);
  const home = page.url();
  const actions = page.getByRole("form", { name: "Actions" });
  const open = (about: Dialog) =>
    walk(page, () => fromPage(page, about.item), actions.getByRole("button", { name: about.item, exact: true }), about);
  const [rotate, reissue, revoke, remove] = DIALOGS as [Dialog, Dialog, Dialog, Dialog];
  const back = async () => {
    await page.waitForURL((url) => url.pathname === new URL(home).pathname);
    await hydrated(page);
    await expect(page.getByRole("dialog")).toHaveCount(0);
    await expect(page.getByRole("heading", { name: "prod", level: 1 })).toBeVisible();
  };

  await button(await open(reissue), "Reissue secret").focus();
  const loads = page.waitForEvent("load");
  const renewed = await sendKey(page, () => page.keyboard.press("Enter"), REISSUE);
  await keepByKeyboard(page, renewed.view);
  await loads;
  await back();

  await button(await open(rotate), "Rotate key").focus();
  const made = await sendKey(page, () => page.keyboard.press("Enter"), ROTATE, "Key rotated successfully");
  await keepByKeyboard(page, made.view);
  await expect(actions.getByRole("button", { name: "Grace period" })).toBeVisible();
  await back();

  const change = await open(GRACE);
  await field(change, "Grace period").selectOption({ index: 1 });
  await button(change, "Change grace period").focus();
  const again = page.waitForEvent("load");
  await page.keyboard.press("Enter");
  await again;
  await back();

  await button(await open(revoke), "Revoke key").focus();
  await page.keyboard.press("Enter");
  await expect(actions.getByRole("button", { name: "Revoke" })).toHaveCount(0);
  await back();

  await open(remove);
  await page.keyboard.type("prod");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === new URL(list).pathname);
  await expect(row(page, "prod")).toHaveCount(1);
});

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
  const account = slugOf(page);
  for (const name of ["revoked", "deleted", "rotated", "sent"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const ids = Object.fromEntries(await Promise.all(
    ["revoked", "deleted", "rotated", "sent"].map(async (name) => [name, await idOf(page, name)] as const),
  ));
  const post = async (what: string, fields: Record<string, string>) =>
    expect((await postForm(page, `/api/keys/${what}`, { account, ...fields })).status()).toBe(200);
  await post("revoke", { "keys[]": ids["revoked"]! });
  await post("delete", { "keys[]": ids["deleted"]!, confirm: "deleted" });
  const rotation = await postForm(page, "/api/keys/rotate", { account, key: ids["rotated"]!, grace: "1", form_token: "0".repeat(32) });
  secrets.add(((await rotation.json()) as { secret: string }).secret);

  // The rows of this tab are out of date.
  guard.expectStatus(409, 404);
  const told = async (open: Locator, sentence: string) => {
    await expect(open).toHaveAccessibleDescription(sentence);
    await expect(open.getByRole("button")).toHaveText(["Back to the keys"]);
    await expect(open.locator("form[method=post]")).toHaveCount(0);
    await expect(button(open, "Back to the keys")).toBeFocused();
  };
  for (const [name, item, sentence] of [
    ["revoked", "Rotate", "This key was revoked in the meantime."],
    ["deleted", "Revoke", "This key was deleted in the meantime."],
    ["rotated", "Rotate", "This key was rotated in the meantime. Rotate its replacement instead."],
  ] as const) {
    await (await openMenu(page, name)).getByRole("menuitem", { name: item }).click();
    await told(dialog(page, `${item} API key`), sentence);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toHaveCount(0);
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
  await page.getByRole("link", { name: "prod" }).click();
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
    await page.getByRole("link", { name: "prod" }).click();
    await page.waitForURL(/\/api-keys\/[0-9a-f-]{36}$/);
    const home = page.url();
    await button(page, "Rotate").click();
    await button(dialog(page, "Rotate API key"), "Rotate key").click();
    const view = dialog(page, "Key rotated successfully");
    secrets.add(await field(view, "New API key").inputValue());
    await button(view, "Done").click();
    await expect(page).toHaveURL(new RegExp(`^${home}\\??(#status)?$`));
    await button(page, "Revoke").click();
    await button(dialog(page, "Revoke API key"), "Revoke key").click();
    await expect(page).toHaveURL(new RegExp(`^${home}\\??#status$`));
    await expect(page.getByText("Revoked", { exact: true }).first()).toBeVisible();
  });
});

test("the status line is written again once the page is open, so that it is heard", async ({ page }) => {
  await page.addInitScript(() => {
    const told: string[] = [];
    Object.assign(window, { told });
    new MutationObserver((changes) => {
      for (const { target } of changes) {
        const line = (target as Element).closest?.("[data-status]");
        if (line && document.readyState === "complete") told.push(line.textContent!.trim());
      }
    }).observe(document, { childList: true, subtree: true });
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
  const link = row(page, "lost").getByRole("link", { name: "Reissue secret" });
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

  test("a dialog that opens in place has local times, and a time that passes stays true", async ({ page }) => {
    await page.clock.install();
    await signUp(page);
    await makeKey(page, "prod");
    await page.reload();
    await hydrated(page);
    await (await openMenu(page, "prod")).getByRole("menuitem", { name: "Rotate" }).click();
    const rotate = dialog(page, "Rotate API key");
    await field(rotate, "Grace period").selectOption({ index: 1 });
    await expect(rotate.getByText(/\(your time: .*GMT\+9\)/).filter({ visible: true }).first()).toBeVisible();
    const { view } = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, "Key rotated successfully");
    await button(view, "Show value").click();
    await finish(page, view);
    const about = row(page, "prod").last().getByRole("rowheader").locator("time").first();
    await expect(about).toHaveText(/^in \d+/);
    await page.clock.fastForward(100 * 3_600_000);
    await expect(about).toHaveText(/GMT\+9$/);
  });
});
