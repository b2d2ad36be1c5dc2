import {
  button, dialog, expectError, expectFocusInside, field, hydrated, KEYS_PAGE, opener, PASSWORD, radio, row, secretField, sendKey, signUp,
  somebody, visit,
} from "../fixtures/journey";
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
  await tabTo(page, page.getByRole("link", { name: "API keys" }));
  await tabTo(page, button(page, "Sign out"));
  await tabTo(page, opener(page));
  for (let n = 0; n < 4; n += 1) await keyboard.press("Shift+Tab");
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
  await tabTo(page, radio(add, "Full Access"));
  await keyboard.press("Space");
  await expect(radio(add, "Full Access")).toBeChecked();
  await tabTo(page, button(add, "Cancel"));
  await tabTo(page, radio(add, "Full Access"), "Shift+Tab");
  await tabTo(page, radio(add, "Generate Only"), "ArrowDown");
  await tabTo(page, radio(add, "Read Only"), "ArrowDown");
  await expect(radio(add, "Read Only")).toBeChecked();
  await tabTo(page, button(add, "Cancel"));
  await tabTo(page, button(add, "Add"));
  await tabTo(page, button(add, "Cancel"), "Shift+Tab");
  await tabTo(page, radio(add, "Read Only"), "Shift+Tab");
  await tabTo(page, field(add, "Name"), "Shift+Tab");

  const { view, secret } = await sendKey(page, () => keyboard.press("Enter"));
  await expect(button(view, "Copy")).toBeFocused();
  await expectVisibleFocus(page);
  await tabTo(page, button(view, "Show value"), "Shift+Tab");
  await keyboard.press("Space");
  await expect(secretField(view)).toHaveValue(secret);
  await expect(button(view, "Hide value")).toBeFocused();
  await keyboard.press("Enter");
  await expect(secretField(view)).not.toHaveValue(secret);
  await tabTo(page, secretField(view), "Shift+Tab");
  await tabTo(page, button(view, "Show value"));
  await tabTo(page, button(view, "Copy"));
  await keyboard.press("Enter");
  await expect(view.getByRole("status")).toHaveText("Copied to the clipboard.");
  await expect(button(view, "Copy")).toBeFocused();
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
  await page.keyboard.press("Space");
  const { view } = await sendKey(page, () => page.keyboard.press("Enter"));
  await tabTo(page, button(view, "Done"));
  await page.keyboard.press("Enter");
  await expect(button(view, "Back to the key")).toBeFocused();
  await expectVisibleFocus(page);
  await page.keyboard.press("Enter");
  await expect(button(view, "Back to the key")).toBeHidden();
  await expectFocusInside(view);
  await tabTo(page, button(view, "Done"));
});
