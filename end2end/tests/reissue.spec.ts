// `Reissue secret`, for a key whose secret was lost before anybody used it.

import {
  askPlainly, button, dialog, expectGone, finish, heading, hydrated, isModal, keep, KEY, openMenu, REISSUE, row, readPlainly, secretField, sendKey, signUp,
  somebody,
} from "../fixtures/journey";
import { ask, makeKey } from "../fixtures/keys";
import { expect, test, type Locator, type Page } from "../fixtures/test";

async function openReissue(page: Page, name: string, scripts = true) {
  if (scripts) await (await openMenu(page, name)).getByRole("menuitem", { name: "Reissue secret" }).click();
  else await askPlainly(page, name, "reissue");
  if (!scripts) await expect(page).toHaveURL(/dialog=reissue/);
  const reissue = dialog(page, "Reissue secret");
  await expect(reissue).toBeVisible();
  if (scripts) await expect.poll(() => isModal(reissue)).toBe(true);
  return reissue;
}

test("the new secret works, the old one does not, and the rest stays", async ({ page, request }) => {
  await signUp(page);
  const old = await keep(page, "lost in a chat", "Read Only");
  const reissue = await openReissue(page, "lost in a chat");
  await expect(heading(reissue)).toBeFocused();
  await expect(reissue.getByRole("definition")).toHaveText([
    "lost in a chat", `${old.slice(0, 9)}...`, "Read Only", /^Never used, created /,
  ]);
  await expect(reissue.getByText("The current secret stops working immediately.")).toBeVisible();
  const { view, secret } = await sendKey(page, () => button(reissue, "Reissue secret").click(), REISSUE);
  expect(secret).toMatch(KEY);
  expect(secret).not.toBe(old);
  await expect(reissue).toBeHidden();
  await button(view, "Show value").click();
  await expect(secretField(view)).toHaveValue(secret);
  await finish(page, view);

  await expect(row(page, "lost in a chat")).toHaveCount(1);
  await expect(row(page, "lost in a chat")).toBeFocused();
  await expect(row(page, "lost in a chat").getByRole("cell").first()).toHaveText(`${secret.slice(0, 9)}...`);
  await expect(row(page, "lost in a chat").getByRole("rowheader")).toContainText("Read Only");
  await expectGone(page, secret);
  expect(await ask(request, old)).toMatchObject({ status: 401, code: "BSE1002" });
  expect(await ask(request, secret)).toMatchObject({ status: 200 });
});

test("Cancel and Escape change nothing", async ({ page, request }) => {
  await signUp(page);
  const old = await keep(page, "kept after all");
  let reissue = await openReissue(page, "kept after all");
  await button(reissue, "Cancel").click();
  await expect(reissue).toHaveCount(0);
  await expect(button(page, "Actions for kept after all")).toBeFocused();
  reissue = await openReissue(page, "kept after all");
  await page.keyboard.press("Escape");
  await expect(reissue).toHaveCount(0);
  await openMenu(page, "kept after all");
  await expect(row(page, "kept after all").getByRole("cell").first()).toHaveText(`${old.slice(0, 9)}...`);
  expect(await ask(request, old)).toMatchObject({ status: 200 });
});

test("a key that was used cannot be given another secret", async ({ page, request, guard }) => {
  await signUp(page);
  const used = await makeKey(page, "in use");
  await makeKey(page, "idle");
  await page.reload();
  await hydrated(page);
  const reissue = await openReissue(page, "in use");

  // Somebody begins to use it while the dialog is open.
  expect(await ask(request, used)).toMatchObject({ status: 200 });
  const second = await page.context().newPage();
  await second.goto(page.url().split("?")[0]!);
  await expect(async () => {
    await second.reload();
    await expect(row(second, "in use").getByRole("cell").nth(1)).toHaveText(/^just now/, { timeout: 100 });
  }).toPass({ timeout: 8_000 });
  const reissuing = (menu: Locator): Locator => menu.getByRole("menuitem", { name: "Reissue secret" });
  await expect(reissuing(await openMenu(second, "idle"))).toBeVisible();
  await second.keyboard.press("Escape");
  await expect(reissuing(await openMenu(second, "in use"))).toHaveCount(0);
  await second.close();

  guard.expectStatus(409);
  await button(reissue, "Reissue secret").click();
  await expect(reissue).toHaveAccessibleDescription(/^This key was used in the meantime/);
  await expect(reissue.getByRole("button")).toHaveText(["Back to the keys"]);
  expect(await ask(request, used)).toMatchObject({ status: 200 });
});

test("the address of a dialog about a key that is not there leads to the list", async ({ page }) => {
  await signUp(page);
  const home = page.url();
  await page.goto(`${home}?dialog=reissue&key=00000000-0000-4000-8000-000000000000`);
  await expect(page).toHaveURL(home);
  await expect(page.getByRole("dialog")).toHaveCount(0);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the same by pages, and a reload tells no secret", async ({ page, request, guard }) => {
    await signUp(page, somebody(), false);
    const old = await makeKey(page, "lost");
    await page.reload();
    let reissue = await openReissue(page, "lost", false);
    await button(reissue, "Cancel").click();
    await expect(reissue).toHaveCount(0);
    await expect(row(page, "lost")).toBeVisible();
    reissue = await openReissue(page, "lost", false);
    await button(reissue, "Reissue secret").click();
    const view = dialog(page, "View API key");
    const secret = await readPlainly(view);
    expect(secret).toMatch(KEY);
    expect(await ask(request, old)).toMatchObject({ status: 401, code: "BSE1002" });
    guard.expectStatus(409);
    await page.reload();
    const told = dialog(page, "This form was sent already");
    await expect(told).toBeVisible();
    await expectGone(page, secret);
    await button(told, "Done").click();
    await expect(row(page, "lost").getByRole("cell").first()).toHaveText(`${secret.slice(0, 9)}...`);
    expect(await ask(request, secret)).toMatchObject({ status: 200 });
  });
});
