// Every dialog by keyboard alone, with its name, its description and where the focus is after each step.

import {
  button, dialog, field, heading, hydrated, isModal, opener, REISSUE, ROTATE, row, sendKey, signUp,
} from "../fixtures/journey";
import { makeKey } from "../fixtures/keys";
import { expect, test, type Locator, type Page } from "../fixtures/test";

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
/** The dialogs of several keys, from the bar; the list of keys scrolls, so it is a stop. */
const keyList = (open: Locator) => open.getByRole("list", { name: "2 keys" });
const SEVERAL: Dialog[] = [
  {
    item: "Revoke selected",
    title: "Revoke API keys",
    says: /^Programs that use these keys stop working immediately\. This cannot be undone\. .* get 401 from now on\.$/,
    stops: (open) => [
      heading(open), keyList(open), field(open, "Reason (optional)"), button(open, "Cancel"), button(open, "Revoke keys"),
    ],
  },
  {
    item: "Delete selected",
    title: "Delete API keys",
    says: /^Deletes the keys and their request logs\. .*Entries in Activity are kept\.$/,
    stops: (open) => [open.getByRole("textbox"), button(open, "Cancel"), button(open, "Delete keys")],
  },
];

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
  await page.getByRole("link", { name: "prod", exact: true }).click();
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
  // What was done is read there.
  const done = (sentence: RegExp) => expect(page.getByRole("status").filter({ hasText: sentence })).toBeFocused();
  await done(/^prod: bye_.{5}\.\.\. works until /);

  await button(await open(revoke), "Revoke key").focus();
  await page.keyboard.press("Enter");
  await expect(actions.getByRole("button", { name: "Revoke" })).toHaveCount(0);
  await back();
  await done(/^Revoked prod\./);

  await open(remove);
  await page.keyboard.type("prod");
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => url.pathname === new URL(list).pathname);
  await expect(row(page, "prod")).toHaveCount(1);
});

test("the dialogs of several keys by keyboard alone, from the bar of the selected rows", async ({ page }) => {
  await signUp(page);
  for (const name of ["first", "second"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const select = async () => {
    for (const name of ["first", "second"]) {
      await page.getByRole("checkbox", { name: `Select ${name}` }).focus();
      await page.keyboard.press("Space");
    }
  };
  const [revoke, remove] = SEVERAL as [Dialog, Dialog];
  const open = (about: Dialog) => {
    const opener = button(page, about.item);
    return walk(page, async () => {
      await opener.focus();
      await page.keyboard.press("Enter");
    }, opener, about);
  };
  await select();
  await button(await open(revoke), "Revoke keys").focus();
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Revoked 2 keys." })).toBeFocused();
  await hydrated(page);

  await select();
  const erase = await open(remove);
  // The list is before the field that has the focus.
  await page.keyboard.press("Shift+Tab");
  await expect(keyList(erase)).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.type("delete 2 keys");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("status").filter({ hasText: "Deleted 2 keys." })).toBeFocused();
});
