// Reissue secret: for a key whose secret got lost before anybody used it.

import { a11y } from "../fixtures/a11y";
import {
  button, dialog, finish, isModal, keep, KEY, row, secretField, signUp,
} from "../fixtures/journey";
import { secrets } from "../fixtures/server";
import { expect, type Page, test } from "../fixtures/test";

const REISSUE = /\/api\/keys\/reissue$/;

async function ask(page: Page, name: string) {
  await button(page, `Actions for ${name}`).click();
  await page.getByRole("menuitem", { name: "Reissue secret" }).click();
  const asked = dialog(page, "Reissue secret");
  await expect(asked).toBeVisible();
  return asked;
}

const status = async (page: Page, secret: string) =>
  (await page.request.get("/v1/status", { headers: { authorization: `Bearer ${secret}` } })).status();

test("a lost secret is replaced, and the lost one is dead", async ({ page }) => {
  await signUp(page);
  const lost = await keep(page, "prod");
  const asked = await ask(page, "prod");
  await expect.poll(() => isModal(asked)).toBe(true);
  await expect(asked).toContainText("stops working at once");
  await expect(button(asked, "Cancel")).toBeFocused();
  await a11y(page, "the question");

  const answered = page.waitForResponse(REISSUE);
  await button(asked, "Reissue secret").click();
  const { secret } = (await (await answered).json()) as { secret: string };
  secrets.add(secret);
  expect(secret).toMatch(KEY);
  const view = dialog(page, "View API key");
  await expect(view).toBeVisible();
  await button(view, "Show value").click();
  await expect(secretField(view)).toHaveValue(secret);
  await finish(page, view);
  await expect(row(page, "prod")).toBeFocused();
  await expect(row(page, "prod")).toContainText(secret.slice(0, 9));
  expect(await status(page, lost)).toBe(401);
  expect(await status(page, secret)).toBe(200);
});

test("Cancel changes nothing", async ({ page }) => {
  await signUp(page);
  const kept = await keep(page, "prod");
  const asked = await ask(page, "prod");
  await button(asked, "Cancel").click();
  await expect(dialog(page, "Reissue secret")).toHaveCount(0);
  expect(await status(page, kept)).toBe(200);
});

test("a key that was used has no such action, and refuses it from an older page", async ({ page, guard }) => {
  await signUp(page);
  const used = await keep(page, "prod");
  const asked = await ask(page, "prod");
  expect(await status(page, used)).toBe(200);
  guard.expectStatus(409);
  await button(asked, "Reissue secret").click();
  await expect(asked.getByRole("alert")).toContainText("has been used");
  expect(await status(page, used)).toBe(200);
  await button(asked, "Cancel").click();
  await expect(button(page, "Create API key").first()).toBeVisible();
  await expect(button(page, "Actions for prod")).toHaveCount(0);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("it is asked and answered on pages", async ({ page }) => {
    await signUp(page, undefined, false);
    await button(page, "Create API key").first().click();
    await page.getByLabel("Name", { exact: true }).fill("prod");
    await page.getByRole("radio", { name: "Read Only" }).check();
    await button(page, "Add").click();
    const lost = await secretField(dialog(page, "View API key")).inputValue();
    secrets.add(lost);
    await button(page, "Done").click();
    const asked = await ask(page, "prod");
    await button(asked, "Reissue secret").click();
    const secret = await secretField(dialog(page, "View API key")).inputValue();
    secrets.add(secret);
    expect(secret).toMatch(KEY);
    expect(await status(page, lost)).toBe(401);
    expect(await status(page, secret)).toBe(200);
  });
});
