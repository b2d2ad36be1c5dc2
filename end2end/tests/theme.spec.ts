// Light and dark: by the system, or as one chooses.

import { a11y } from "../fixtures/a11y";
import { button, keep, signUp, visit } from "../fixtures/journey";
import { expect, type Page, test } from "../fixtures/test";

const ground = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test("the system decides until somebody chooses, and the choice is kept", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "light" });
  await signUp(page);
  const light = await ground(page);
  await page.emulateMedia({ colorScheme: "dark" });
  const dark = await ground(page);
  expect(dark).not.toBe(light);

  await button(page, "Theme: light").click();
  await expect(button(page, "Theme: light")).toHaveAttribute("aria-pressed", "true");
  expect(await ground(page)).toBe(light);
  await page.reload();
  expect(await ground(page)).toBe(light);

  await button(page, "Sign out").click();
  await page.waitForURL(/sign-in/);
  expect(await ground(page)).toBe(light);
  await button(page, "Theme: system").click();
  await expect(button(page, "Theme: system")).toHaveAttribute("aria-pressed", "true");
  expect(await ground(page)).toBe(dark);
});

test("the switch leads back to the view it was used on", async ({ page }) => {
  await signUp(page);
  await keep(page, "prod");
  const view = `${new URL(page.url()).pathname}?search=prod&status=active`;
  await visit(page, view);
  await button(page, "Theme: dark").click();
  await expect(button(page, "Theme: dark")).toHaveAttribute("aria-pressed", "true");
  expect(page.url().endsWith(view)).toBe(true);
  await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue("prod");
});

test("either theme can be read under the other system", async ({ page }) => {
  await signUp(page);
  for (const theme of ["dark", "light"]) {
    await button(page, `Theme: ${theme}`).click();
    await expect(button(page, `Theme: ${theme}`)).toHaveAttribute("aria-pressed", "true");
    await a11y(page, theme);
  }
});
