// The answer to `Add` does not arrive: what was typed is kept, and a key that was made is not lost.

import {
  button, CREATE, createKey, dialog, field, fillKey, finish, hydrated, openDialog, radio, REISSUE, row, sendKey, signUp,
} from "../fixtures/journey";
import { secrets } from "../fixtures/server";
import type { Guard } from "../fixtures/guard";
import { expect, test, type Locator, type Page } from "../fixtures/test";

/** Sends the form. The server makes the key, and its answer is lost on the way. */
async function addWithoutAnswer(page: Page, add: Locator, guard: Guard): Promise<void> {
  guard.expectFailure(CREATE);
  await page.route(CREATE, async (route) => {
    const answer = await route.fetch();
    secrets.add((await answer.json()).secret);
    await route.abort();
  });
  await button(add, "Add").click();
  await expect(add.getByRole("alert")).toContainText("Your entries are kept");
  await page.unroute(CREATE);
}

test("a form sent a second time makes no second key and tells no secret", async ({ page, request, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "sent twice");
  await addWithoutAnswer(page, add, guard);
  guard.expectStatus(409);
  await button(add, "Add").click();
  await expect(add.getByRole("alert")).toContainText("The key was created, but its secret did not reach you.");
  await expect(button(add, "Add")).toBeHidden();
  await expect(field(add, "Name")).toBeDisabled();
  // The way on has taken the place of the button, and ends with a secret that works.
  await expect(add.getByRole("link", { name: "Reissue secret" })).toBeFocused();
  await page.keyboard.press("Enter");
  const reissue = dialog(page, "Reissue secret");
  await expect(reissue).toContainText("sent twice");
  const { view, secret } = await sendKey(page, () => button(reissue, "Reissue secret").click(), REISSUE);
  await button(view, "Show value").click();
  await finish(page, view);
  await expect(row(page, "sent twice")).toHaveCount(1);
  const answer = await request.get("/v1/status", { headers: { Authorization: `Bearer ${secret}` } });
  expect(answer.status()).toBe(200);
});

test("after a lost answer, Cancel shows the key in the list", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "lost on the way");
  await addWithoutAnswer(page, add, guard);
  guard.expectStatus(409);
  await button(add, "Add").click();
  await expect(add.getByRole("link", { name: "Reissue secret" })).toBeVisible();
  await button(add, "Cancel").click();
  await expect(row(page, "lost on the way")).toHaveCount(1);
});

test("after a lost answer and Cancel, the next key gets a form of its own", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "first");
  await addWithoutAnswer(page, add, guard);
  await button(add, "Cancel").click();
  await expect(row(page, "first")).toHaveCount(1);
  await hydrated(page);
  const { view } = await createKey(page, "second");
  await button(view, "Show value").click();
  await finish(page, view);
  await expect(row(page, "second")).toHaveCount(1);
});

test("a network that fails loses nothing that was typed", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "offline", "Read Only");
  guard.expectFailure(CREATE);
  await page.route(CREATE, (route) => route.abort("internetdisconnected"));
  await button(add, "Add").click();
  await expect(add.getByRole("alert")).toHaveText(
    "The server could not be reached. Your entries are kept. Try again in a few seconds.",
  );
  await expect(field(add, "Name")).toHaveValue("offline");
  await expect(radio(add, "Read Only")).toBeChecked();
  await page.unroute(CREATE);
  const { view } = await sendKey(page, () => button(add, "Add").click());
  await button(view, "Show value").click();
  await finish(page, view);
  await expect(row(page, "offline")).toHaveCount(1);
});
