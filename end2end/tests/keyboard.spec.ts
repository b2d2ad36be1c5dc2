import {
  button, copyKey, dialog, expectError, expectFocusInside, field, heading, hydrated, KEYS_PAGE, opener, PASSWORD, radio, REISSUE, row,
  scopeBox, secretField, sendKey, signUp, somebody, visit,
} from "../fixtures/journey";
import { makeKey } from "../fixtures/keys";
import { switcher } from "../fixtures/team";
import { expect, test, type Locator, type Page } from "../fixtures/test";

/** The focused element can be seen: it is ringed (itself or the box around it), on the screen, and nothing covers it. */
async function expectVisibleFocus(page: Page): Promise<void> {
  const seen = await page.evaluate(() => {
    const element = document.activeElement as HTMLElement;
    const boxes = [element, element.parentElement, element.parentElement?.parentElement].filter((box) => !!box);
    const ringed = boxes.some((box) => {
      const { outlineStyle, outlineWidth } = getComputedStyle(box);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    const { left, top, width, height } = element.getBoundingClientRect();
    const on = document.elementFromPoint(left + width / 2, top + height / 2);
    const uncovered = !!on && (element.contains(on) || on.contains(element));
    return { what: element.outerHTML.slice(0, 120), ringed, uncovered };
  });
  expect.soft(seen).toEqual({ what: seen.what, ringed: true, uncovered: true });
}

async function tabTo(page: Page, target: Locator, key = "Tab"): Promise<void> {
  await page.keyboard.press(key);
  await expect(target).toBeFocused();
  await expectVisibleFocus(page);
}

test("the whole journey", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const { keyboard } = page;
  const ada = somebody();
  await visit(page, "/sign-up");
  await expect(field(page, "Name")).toBeFocused();
  await expectVisibleFocus(page);
  await keyboard.type(ada.name);
  await tabTo(page, field(page, "Email"));
  await keyboard.type(ada.email);
  await tabTo(page, field(page, "Password"));
  await keyboard.type(PASSWORD);
  await tabTo(page, button(page, "Show password"));
  await tabTo(page, button(page, "Create account"));
  await tabTo(page, page.getByRole("link", { name: "Sign in" }));
  await tabTo(page, button(page, "Create account"), "Shift+Tab");
  await keyboard.press("Enter");
  await page.waitForURL(KEYS_PAGE);
  await hydrated(page);

  // From the top of the page to its button, and past everything with the skip link.
  const skip = page.getByRole("link", { name: "Skip to content" });
  await tabTo(page, skip);
  await tabTo(page, page.getByRole("link", { name: "BabySea" }));
  await tabTo(page, switcher(page, ada.name));
  await tabTo(page, page.getByRole("link", { name: "API keys" }));
  await tabTo(page, page.getByRole("link", { name: "Activity" }));
  await tabTo(page, page.getByRole("link", { name: "Scopes" }));
  await tabTo(page, page.getByRole("link", { name: "Guard your API" }));
  await tabTo(page, button(page, "Sign out"));
  for (const theme of ["system", "light", "dark"]) await tabTo(page, button(page, `Theme: ${theme}`));
  await tabTo(page, opener(page));
  for (let n = 0; n < 11; n += 1) await keyboard.press("Shift+Tab");
  await expect(skip).toBeFocused();
  await keyboard.press("Enter");
  await expect(page.getByRole("main")).toBeFocused();
  await tabTo(page, opener(page));

  // Closed with Escape, the focus is back where it was.
  const add = dialog(page, "Add API key");
  await keyboard.press("Enter");
  await expect(field(add, "Name")).toBeFocused();
  await keyboard.press("Escape");
  await expect(add).toBeHidden();
  await expect(opener(page)).toBeFocused();

  // Inside, Tab goes round without reaching the page behind. The presets are one stop, and arrows choose.
  await keyboard.press("Space");
  await expect(field(add, "Name")).toBeFocused();
  await expectVisibleFocus(page);
  await keyboard.type("by keyboard");
  const about = add.getByRole("link", { name: "Scopes and routes" });
  const after = [field(add, "Expires"), field(add, "IP allowlist (optional)"), button(add, "Add it"), field(add, "Rate limit (optional)"), button(add, "Cancel")];
  await tabTo(page, about);
  await tabTo(page, radio(add, "Full Access"));
  await keyboard.press("Space");
  await expect(radio(add, "Full Access")).toBeChecked();
  for (const stop of after) await tabTo(page, stop);
  for (const stop of after.slice(0, -1).reverse()) await tabTo(page, stop, "Shift+Tab");
  await tabTo(page, radio(add, "Full Access"), "Shift+Tab");
  await tabTo(page, radio(add, "Generate Only"), "ArrowDown");
  await tabTo(page, radio(add, "Read Only"), "ArrowDown");
  await expect(radio(add, "Read Only")).toBeChecked();
  for (const stop of after) await tabTo(page, stop);
  await tabTo(page, button(add, "Add"));
  for (const stop of after.reverse()) await tabTo(page, stop, "Shift+Tab");
  await tabTo(page, radio(add, "Read Only"), "Shift+Tab");
  await tabTo(page, about, "Shift+Tab");
  await tabTo(page, field(add, "Name"), "Shift+Tab");

  const { view, secret } = await sendKey(page, () => keyboard.press("Enter"));
  await expect(copyKey(view)).toBeFocused();
  await expectVisibleFocus(page);
  await tabTo(page, button(view, "Show value"), "Shift+Tab");
  await keyboard.press("Space");
  await expect(secretField(view)).toHaveValue(secret);
  await expect(button(view, "Hide value")).toBeFocused();
  await keyboard.press("Enter");
  await expect(secretField(view)).not.toHaveValue(secret);
  await tabTo(page, secretField(view), "Shift+Tab");
  await tabTo(page, button(view, "Show value"));
  await tabTo(page, copyKey(view));
  await keyboard.press("Enter");
  await expect(view.getByRole("status").first()).toHaveText("Copied.");
  await expect(copyKey(view)).toBeFocused();
  const tab = (name: string) => view.getByRole("tab", { name, exact: true });
  await tabTo(page, tab("SDK"));
  await tabTo(page, tab("cURL"), "ArrowRight");
  await expect(tab("cURL")).toHaveAttribute("aria-selected", "true");
  const snippet = view.getByRole("tabpanel", { name: "cURL" });
  await tabTo(page, snippet.locator("pre"));
  await tabTo(page, button(snippet, "Copy"));
  await tabTo(page, button(view, "Done"));
  await keyboard.press("Enter");
  await page.waitForURL(/created=/);
  await expect(row(page, "by keyboard")).toBeFocused();
  await expectVisibleFocus(page);
});

test("errors are reached without a pointer", async ({ page, guard }) => {
  await signUp(page);
  guard.expectStatus(422);
  await opener(page).focus();
  await page.keyboard.press("Enter");
  const add = dialog(page, "Add API key");
  await expect(field(add, "Name")).toBeFocused();
  await page.keyboard.press("Enter");
  await expectError(field(add, "Name"), "Enter a name.");
  await expectVisibleFocus(page);
});

test("asked about a key that was not kept, the focus goes to the answer and back into the dialog", async ({ page }) => {
  await signUp(page);
  await opener(page).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.type("careless");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  const { view } = await sendKey(page, () => page.keyboard.press("Enter"));
  const usage = [
    view.getByRole("tab", { name: "SDK" }), view.locator("pre"),
    button(view.getByRole("tabpanel"), "Copy"), button(view, "Done"),
  ];
  for (const stop of usage) await tabTo(page, stop);
  await page.keyboard.press("Enter");
  await expect(button(view, "Back to the key")).toBeFocused();
  await expectVisibleFocus(page);
  await page.keyboard.press("Enter");
  await expect(button(view, "Back to the key")).toBeHidden();
  await expectFocusInside(view);
  for (const stop of usage) await tabTo(page, stop);
});

test("a key with scopes of its own is made, and its row's menu leads to a new secret", async ({ page }) => {
  await signUp(page);
  const { keyboard } = page;
  await opener(page).focus();
  await keyboard.press("Enter");
  const add = dialog(page, "Add API key");
  await expect(field(add, "Name")).toBeFocused();
  await keyboard.type("by keyboard");
  await keyboard.press("Tab");
  await tabTo(page, radio(add, "Full Access"));
  // Up from the first is the last.
  await tabTo(page, radio(add, "Custom"), "ArrowUp");
  await expect(radio(add, "Custom")).toBeChecked();
  await tabTo(page, scopeBox(add, "generation:write"));
  await tabTo(page, scopeBox(add, "generation:read"));
  await keyboard.press("Space");
  await expect(scopeBox(add, "generation:read")).toBeChecked();
  await tabTo(page, scopeBox(add, "generation:delete"));
  await tabTo(page, scopeBox(add, "account:read"));
  await keyboard.press("Space");
  const { view } = await sendKey(page, () => keyboard.press("Enter"));
  await tabTo(page, button(view, "Show value"), "Shift+Tab");
  await keyboard.press("Enter");
  await expect(button(view, "Hide value")).toBeFocused();
  await keyboard.press("Escape");
  await page.waitForURL(/created=/);
  await hydrated(page);
  await expect(row(page, "by keyboard")).toBeFocused();
  await expect(row(page, "by keyboard").getByRole("rowheader")).toContainText("Custom (2 scopes)");

  const actions = button(page, "Actions for by keyboard");
  await tabTo(page, page.getByRole("checkbox", { name: "Select by keyboard" }));
  await tabTo(page, page.getByRole("link", { name: "by keyboard", exact: true }));
  await tabTo(page, page.getByRole("link", { name: "Secret lost? Reissue" }));
  await tabTo(page, actions);
  await keyboard.press("Enter");
  const first = page.getByRole("menuitem", { name: "Rotate" });
  const item = page.getByRole("menuitem", { name: "Reissue secret" });
  await expect(first).toBeFocused();
  await expectVisibleFocus(page);
  await keyboard.press("Escape");
  await expect(item).toBeHidden();
  await expect(actions).toBeFocused();
  await keyboard.press("Space");
  await expect(first).toBeFocused();
  // Tab leaves the menu, and goes on from its button.
  await keyboard.press("Tab");
  await expect(item).toBeHidden();
  await keyboard.press("Shift+Tab");
  await expect(actions).toBeFocused();
  await tabTo(page, first, "ArrowDown");
  await tabTo(page, item, "ArrowDown");
  await keyboard.press("Enter");
  const reissue = dialog(page, "Reissue secret");
  await expect(reissue).toBeVisible();
  await expect(heading(reissue)).toBeFocused();
  await tabTo(page, button(reissue, "Cancel"));
  await tabTo(page, button(reissue, "Reissue secret"));
  const renewed = await sendKey(page, () => keyboard.press("Enter"), REISSUE);
  await expect(copyKey(renewed.view)).toBeFocused();
  await tabTo(page, button(renewed.view, "Show value"), "Shift+Tab");
  await keyboard.press("Space");
  await keyboard.press("Escape");
  await page.waitForURL(/created=/);
});

test("arrows, Home and End go round the menu of a row", async ({ page }) => {
  await signUp(page);
  for (const name of ["below", "above"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const { keyboard } = page;
  const item = (name: string) => page.getByRole("menuitem", { name, exact: true });
  for (const key of ["above", "below"]) {
    const opens = button(page, `Actions for ${key}`);
    await opens.focus();
    await expect(opens).toHaveAttribute("aria-expanded", "false");
    await tabTo(page, item("Delete"), "ArrowUp");
    await expect(opens).toHaveAttribute("aria-expanded", "true");
    await keyboard.press("Escape");
    await expect(opens).toHaveAttribute("aria-expanded", "false");
    await keyboard.press("Enter");
    await expect(item("Rotate")).toBeFocused();
    for (const [press, name] of [
      ["ArrowDown", "Reissue secret"], ["ArrowDown", "Create another like this"], ["ArrowDown", "Revoke"],
      ["ArrowDown", "Delete"], ["ArrowDown", "Rotate"],
      ["ArrowUp", "Delete"], ["ArrowUp", "Revoke"], ["Home", "Rotate"], ["Home", "Rotate"], ["End", "Delete"],
      ["End", "Delete"], ["ArrowUp", "Revoke"],
    ] as const) await tabTo(page, item(name), press);
    await keyboard.press("Escape");
    await expect(item("Revoke")).toHaveCount(0);
    await expect(button(page, `Actions for ${key}`)).toBeFocused();
  }
  // On other controls they belong to the page.
  await page.getByRole("link", { name: "below" }).focus();
  await keyboard.press("ArrowDown");
  await expect(page.getByRole("link", { name: "below" })).toBeFocused();
});

test("what stays on the screen covers nothing that Tab reaches in a long list", async ({ page }) => {
  test.slow();
  await signUp(page);
  for (let n = 1; n <= 50; n += 1) await makeKey(page, `worker-${n}`);
  await page.reload();
  await hydrated(page);
  const boxes = page.getByRole("checkbox", { name: /^Select worker-/ });
  await boxes.first().check();
  await expect(page.getByRole("form", { name: "Selected keys" })).toBeInViewport({ ratio: 1 });
  await boxes.first().focus();
  // A box, a name and a menu in each row, and in the first three the way to another secret.
  const stops = 3 * 50 + 3 - 1;
  for (let n = 0; n < stops; n += 1) {
    await page.keyboard.press("Tab");
    await expectVisibleFocus(page);
  }
  await expect(button(page, "Actions for worker-1")).toBeFocused();
  for (let n = 0; n < stops; n += 1) {
    await page.keyboard.press("Shift+Tab");
    await expectVisibleFocus(page);
  }
  await expect(boxes.first()).toBeFocused();
});

test("keys are found, ticked and deleted, and the theme is changed", async ({ page }) => {
  await signUp(page);
  for (const name of ["worker-1", "worker-2", "probe"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const { keyboard } = page;
  const names = page.getByRole("rowheader").locator("bdi");
  const search = page.getByRole("searchbox", { name: "Search" });
  await search.focus();
  await keyboard.type("worker");
  await keyboard.press("Enter");
  await expect(names).toHaveText(["worker-2", "worker-1"]);
  await hydrated(page);
  const statuses = page.getByRole("navigation", { name: "Status" }).getByRole("link");
  await expect(statuses).toHaveText(["All 2", "Active 2", "Rotated 0", "Expired 0", "Revoked 0"]);
  await statuses.first().focus();
  await tabTo(page, statuses.nth(1));
  await keyboard.press("Enter");
  await page.waitForURL(/status=active/);
  await hydrated(page);

  for (const name of ["worker-1", "worker-2"]) {
    await page.getByRole("checkbox", { name: `Select ${name}` }).focus();
    await keyboard.press("Space");
  }
  // The bar is before the rows.
  const bar = page.getByRole("form", { name: "Selected keys" });
  await page.getByRole("checkbox", { name: "Select all keys on this page" }).focus();
  await tabTo(page, button(bar, "Revoke selected"));
  await tabTo(page, button(bar, "Delete selected"));
  await keyboard.press("Enter");
  const remove = dialog(page, "Delete API keys");
  await expect(remove).toBeVisible();
  await hydrated(page);
  await field(remove, "Type delete 2 keys to confirm").focus();
  await keyboard.type("delete 2 keys");
  await keyboard.press("Enter");
  await expect(remove).toHaveCount(0);
  await page.goto(new URL(page.url()).pathname);
  await expect(names).toHaveText(["probe"]);

  const dark = button(page, "Theme: dark");
  await button(page, "Theme: light").focus();
  await tabTo(page, dark);
  await keyboard.press("Enter");
  await expect(dark).toHaveAttribute("aria-pressed", "true");
});

test("the account is changed, and a team is made", async ({ page }) => {
  await signUp(page, somebody("Ada Moss"));
  const { keyboard } = page;
  const own = switcher(page, "Ada Moss");
  await own.focus();
  await keyboard.press("Enter");
  const create = page.getByRole("link", { name: "Create team" });
  await expect(create).toBeVisible();
  await tabTo(page, page.getByRole("link", { name: "Ada Moss" }));
  await keyboard.press("Escape");
  await expect(create).toBeHidden();
  await expect(own).toBeFocused();
  await keyboard.press("Space");
  await tabTo(page, page.getByRole("link", { name: "Ada Moss" }));
  await tabTo(page, create);
  await keyboard.press("Enter");
  await expect(field(page, "Name")).toBeFocused();
  await hydrated(page);
  await keyboard.type("Reef Works");
  await keyboard.press("Enter");
  await expect(switcher(page, "Reef Works")).toBeVisible();

  await switcher(page, "Reef Works").focus();
  await keyboard.press("Enter");
  await tabTo(page, page.getByRole("link", { name: "Ada Moss" }));
  await keyboard.press("Enter");
  await expect(own).toBeVisible();
  await expect(page).toHaveURL(KEYS_PAGE);
});
