import {
  button, createKey, expectFocusInside, expectGone, finish, hydrated, keep, KEYS_PAGE, row, secretField, signUp,
} from "../fixtures/journey";
import { expect, test } from "../fixtures/test";

const hidden = (secret: string) => secret.slice(0, 9) + "•".repeat(33);

test("closing before the key was kept asks first", async ({ page }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "nearly lost");
  const back = button(view, "Back to the key");
  for (const close of [() => page.keyboard.press("Escape"), () => button(view, "Done").click()]) {
    await close();
    await expect(view.getByRole("alert")).toContainText("You will not see it again after you close this.");
    await expect(back).toBeFocused();
    await back.click();
    await expect(back).toBeHidden();
    await expect(secretField(view)).toHaveValue(hidden(secret));
  }
  await button(view, "Done").click();
  await button(view, "Show value").click();
  await expect(secretField(view)).toHaveValue(secret);
  await expect(back).toBeHidden();
  await finish(page, view);
  await expectGone(page, secret);
});

test("however often Escape is pressed, the dialog stays and keeps the focus", async ({ page }) => {
  await signUp(page);
  const { view } = await createKey(page, "nervous");
  const back = button(view, "Back to the key");
  for (let n = 0; n < 3; n += 1) {
    await page.keyboard.press("Escape");
    await expect(back).toBeFocused();
    await page.keyboard.press("Escape");
    await expect(back).toBeHidden();
    await expect(view).toBeVisible();
    await expectFocusInside(view);
  }
});

test("closing without the key is possible", async ({ page }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "lost");
  await page.keyboard.press("Escape");
  await finish(page, view, "Close without the key");
  await expect(row(page, "lost")).toBeFocused();
  await expectGone(page, secret);
});

test("leaving before the key was kept asks, and a reload forgets it", async ({ page }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "reloaded");
  const reload = () => page.evaluate(() => setTimeout(() => location.reload()));

  let asked = page.waitForEvent("dialog");
  await reload();
  expect((await asked).type()).toBe("beforeunload");
  await (await asked).dismiss();
  await expect(secretField(view)).toHaveValue(hidden(secret));

  asked = page.waitForEvent("dialog");
  await reload();
  const loaded = page.waitForEvent("load");
  await (await asked).accept();
  await loaded;
  await expect(row(page, "reloaded")).toBeVisible();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expectGone(page, secret);
});

test("once kept, leaving does not ask", async ({ page }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "shown");
  await button(view, "Show value").click();
  let asked = 0;
  page.on("dialog", (box) => {
    asked += 1;
    void box.accept();
  });
  await page.reload();
  await expect(row(page, "shown")).toBeVisible();
  expect(asked).toBe(0);
  await expectGone(page, secret);
});

test("after Done neither Back, Forward nor a reload show the key", async ({ page }) => {
  await signUp(page);
  // The page of the dialog and the one after `Done` are one step of the history, which begins with the empty list.
  await page.getByRole("link", { name: "Scopes" }).click();
  await page.getByRole("link", { name: "API keys" }).click();
  await page.waitForURL(KEYS_PAGE);
  await hydrated(page);
  const secret = await keep(page, "once");
  for (const [go, heading] of [
    [() => page.goBack(), "Scopes"],
    [() => page.goBack(), "API keys"],
    [() => page.goForward(), "Scopes"],
    [() => page.goForward(), "API keys"],
    [() => page.reload(), "API keys"],
  ] as const) {
    await go();
    await expect(page.getByRole("heading", { name: heading, level: 1 })).toBeVisible();
    if (heading === "API keys") {
      await hydrated(page);
      await expect(row(page, "once")).toBeVisible();
    }
    await expect(page.getByRole("dialog")).toBeHidden();
    await expectGone(page, secret);
  }
});

test("a page that the browser put aside holds no key", async ({ page }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "put aside");
  await button(view, "Show value").click();
  // What a browser tells a page that it freezes and brings back.
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pagehide", { persisted: true })));
  await expect(secretField(view)).toBeHidden();
  await expectGone(page, secret);
  const again = page.waitForEvent("load");
  await page.evaluate(() => dispatchEvent(new PageTransitionEvent("pageshow", { persisted: true })));
  await again;
  await hydrated(page);
  await expect(row(page, "put aside")).toBeVisible();
  await expect(page.getByRole("dialog")).toBeHidden();
});

test.describe("with a back/forward cache", () => {
  // Playwright turns it off unless told otherwise.
  test("Back does not bring the key", async ({ playwright, baseURL, guard, contextOptions, launchOptions }) => {
    const browser = await playwright.chromium.launch({
      ...launchOptions,
      ignoreDefaultArgs: ["--disable-back-forward-cache"],
    });
    const context = await browser.newContext({ ...contextOptions, baseURL });
    await guard.watch(context);
    const page = await context.newPage();
    await signUp(page);
    const home = page.url();
    const { view, secret } = await createKey(page, "cached");
    await button(view, "Show value").click();
    await page.goto("/sign-in");
    // Playwright's goBack waits for a load, which a page out of this cache does not have.
    await page.evaluate(() => history.back());
    await expect(page).toHaveURL(home);
    await expect(row(page, "cached")).toBeVisible();
    await expect(page.getByRole("dialog")).toBeHidden();
    await expectGone(page, secret);
    await browser.close();
  });
});
