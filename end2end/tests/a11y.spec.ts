import { a11y } from "../fixtures/a11y";
import {
  button, createKey, dialog, expectError, field, fillKey, keep, openDialog, opener, secretField, signUp, visit,
} from "../fixtures/journey";
import { secrets } from "../fixtures/server";
import { expect, test } from "../fixtures/test";

for (const width of [1280, 360]) {
  test.describe(`${width} wide`, () => {
    test.use({ viewport: { width, height: 800 } });

    test("sign-in", async ({ page, guard }) => {
      await visit(page, "/sign-in");
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(page, "Sign in").click();
      await expect(page.getByRole("alert")).toBeVisible();
      await a11y(page, "refused");
    });

    test("sign-up", async ({ page, guard }) => {
      await visit(page, "/sign-up");
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(page, "Create account").click();
      await expectError(field(page, "Name"), "Enter a name.");
      await a11y(page, "with errors");
    });

    test("keys", async ({ page }) => {
      await signUp(page);
      await a11y(page, "empty");
      await keep(page, "prod-api-worker");
      await keep(page, "مفتاح الإنتاج", "Monitor Only");
      await a11y(page, "with rows");
    });

    test("Add API key", async ({ page, guard }) => {
      await signUp(page);
      const add = await openDialog(page);
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(add, "Add").click();
      await expectError(field(add, "Name"), "Enter a name.");
      await a11y(page, "with errors");
    });

    test("View API key", async ({ page }) => {
      await signUp(page);
      const { view } = await createKey(page, "seen");
      await a11y(page, "hidden");
      await page.keyboard.press("Escape");
      await expect(view.getByRole("alert")).toBeVisible();
      await a11y(page, "asking");
      await button(view, "Show value").click();
      await a11y(page, "shown");
    });

    test.describe("as the server draws it, before the scripts are ready:", () => {
      test.beforeEach(async ({ page }) => {
        await page.addInitScript(() => void (window.requestIdleCallback = () => 0));
        await signUp(page, undefined, false);
        await opener(page).click();
      });

      test("Add API key", async ({ page, guard }) => {
        const add = dialog(page, "Add API key");
        await a11y(page, "empty");
        guard.expectStatus(422);
        await button(add, "Add").click();
        await expect(field(add, "Name")).toHaveAttribute("aria-invalid", "true");
        await a11y(page, "with errors");
      });

      test("View API key", async ({ page, guard }) => {
        const add = dialog(page, "Add API key");
        await fillKey(add, "drawn");
        await button(add, "Add").click();
        secrets.add(await secretField(dialog(page, "View API key")).inputValue());
        await a11y(page, "shown");
        guard.expectStatus(409);
        await page.reload();
        await expect(dialog(page, "This key was shown already")).toBeVisible();
        await a11y(page, "shown already");
      });
    });

    test("404", async ({ page, guard }) => {
      guard.expectStatus(404);
      await page.goto("/nowhere");
      await expect(page.getByRole("heading", { name: "There is nothing here" })).toBeVisible();
      await a11y(page, "404");
    });
  });
}
