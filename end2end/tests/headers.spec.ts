// What the guard refuses everywhere (policy violations, console errors, 404) is refused here too; this walks through
// all pages and looks at what each is made of.

import { button, createKey, dialog, field, finish, hydrated, openDialog, openMenu, opener, signIn, signUp } from "../fixtures/journey";
import { makeKey } from "../fixtures/keys";
import { secrets } from "../fixtures/server";
import { createTeam } from "../fixtures/team";
import { expect, test, type Page } from "../fixtures/test";

const INLINE_STYLE = /<[^>]+\sstyle\s*=|<style[\s>]/i;

/** Notes every address asked for, and checks every page on its way to the browser. */
function inspect(page: Page): { urls: string[]; pages(): Promise<number> } {
  const urls: string[] = [];
  const checks: Promise<void>[] = [];
  page.on("request", (request) => urls.push(request.url()));
  page.on("response", (response) => {
    const headers = response.headers();
    if (!headers["content-type"]?.startsWith("text/html")) return;
    const policy = headers["content-security-policy"] ?? "";
    const check = async () => {
      // A dialog that a script asks for is part of a page that has its own policy.
      const ofPages = /^default-src 'none'; script-src 'self' 'nonce-[\w-]+' 'wasm-unsafe-eval';/;
      expect.soft(policy).toMatch(response.request().isNavigationRequest() ? ofPages : /^default-src 'none'; frame-ancestors 'none';/);
      expect.soft(policy).not.toContain("unsafe-inline");
      expect.soft(headers).toMatchObject({
        "cache-control": "no-store",
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "same-origin",
      });
      const html = await response.text();
      expect.soft(INLINE_STYLE.exec(html)?.[0], `inline style in ${response.url()}`).toBeUndefined();
      const nonce = /'nonce-([\w-]+)'/.exec(policy)?.[1];
      for (const [script] of html.matchAll(/<script[^>]*>/g)) expect.soft(script).toContain(`nonce="${nonce}"`);
    };
    checks.push(check());
  });
  return { urls, pages: async () => (await Promise.all(checks)).length };
}

async function expectNoInlineStyle(page: Page): Promise<void> {
  const styled = () => [...document.querySelectorAll("[style], style")].map((element) => element.outerHTML.slice(0, 80));
  expect(await page.evaluate(styled)).toEqual([]);
}

test("a walk through everything", async ({ page, baseURL, guard }) => {
  const { urls, pages } = inspect(page);
  guard.expectStatus(404, 422);
  await page.goto("/");
  await page.getByRole("link", { name: "Create one" }).click();
  await hydrated(page);
  await button(page, "Create account").click();
  await expect(field(page, "Name")).toHaveAttribute("aria-invalid", "true");
  await expectNoInlineStyle(page);
  const ada = await signUp(page);
  await expectNoInlineStyle(page);
  const add = await openDialog(page);
  await button(add, "Add").click();
  await expect(field(add, "Name")).toHaveAttribute("aria-invalid", "true");
  await expectNoInlineStyle(page);
  await page.reload();
  await hydrated(page);
  const { view } = await createKey(page, "walked");
  await page.keyboard.press("Escape");
  await expectNoInlineStyle(page);
  await button(view, "Show value").click();
  await expectNoInlineStyle(page);
  await finish(page, view);
  await expectNoInlineStyle(page);
  await makeKey(page, "lost", { allowlist: "203.0.113.0/24, 198.51.100.5", expires: "7" });
  await page.reload();
  await hydrated(page);
  await (await openMenu(page, "lost")).getByRole("menuitem", { name: "Reissue secret" }).click();
  await hydrated(page);
  await expectNoInlineStyle(page);
  await button(dialog(page, "Reissue secret"), "Cancel").click();
  await page.getByRole("searchbox", { name: "Search" }).fill("zzz");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Show all keys" })).toBeVisible();
  await button(page, "Open full view").click();
  await expectNoInlineStyle(page);
  await button(page, "Close full view").click();
  await page.getByRole("link", { name: "Scopes" }).click();
  await button(page, "Theme: dark").click();
  await expectNoInlineStyle(page);
  await createTeam(page, "Walkers");
  await expectNoInlineStyle(page);
  await page.goto("/nowhere");
  await expectNoInlineStyle(page);
  await page.getByRole("link", { name: "Go to your API keys" }).click();
  await button(page, "Sign out").click();
  await hydrated(page);
  await signIn(page, ada);
  await expect(opener(page)).toBeVisible();
  await page.goto("/favicon.svg");
  await page.goto("/robots.txt");

  expect(await pages()).toBeGreaterThan(8);
  expect(urls.filter((url) => new URL(url).origin !== baseURL)).toEqual([]);
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("a walk through what looks different", async ({ page, baseURL, guard }) => {
    const { urls, pages } = inspect(page);
    guard.expectStatus(409, 422);
    await signUp(page, undefined, false);
    await opener(page).click();
    const add = dialog(page, "Add API key");
    await button(add, "Add").click();
    await field(add, "Name").fill("walked");
    await add.getByRole("radio").first().check();
    await button(add, "Add").click();
    const view = dialog(page, "View API key");
    secrets.add(await field(view, "API key").inputValue());
    await page.reload();
    await button(dialog(page, "This form was sent already"), "Done").click();
    await expect(opener(page)).toBeVisible();
    expect(await pages()).toBeGreaterThan(5);
    expect(urls.filter((url) => new URL(url).origin !== baseURL)).toEqual([]);
  });
});
