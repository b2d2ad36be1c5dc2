// The frame around the pages, and the times on them.

import { a11y } from "../fixtures/a11y";
import { button, openDialog, sideways, signUp, somebody } from "../fixtures/journey";
import { makeKey, slugOf } from "../fixtures/keys";
import { openSwitcher, switcher } from "../fixtures/team";
import { expect, test, type Page } from "../fixtures/test";

const PAGES = ["api-keys", "activity", "scopes", "guard"];

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });

  test("every section is in view on every page", async ({ page }) => {
    await signUp(page);
    const slug = slugOf(page);
    for (const path of PAGES) {
      await page.goto(`/home/${slug}/${path}`);
      const links = page.getByRole("navigation", { name: "Main" }).getByRole("link");
      await expect(links).toHaveText(["API keys", "Activity", "Scopes", "Guard your API"]);
      for (const link of await links.all()) await expect(link).toBeInViewport({ ratio: 1 });
      const tops = await links.evaluateAll((all) => all.map((link) => link.getBoundingClientRect().top));
      expect(new Set(tops).size, `${path}: one row`).toBe(1);
      expect(await sideways(page), path).toBe(0);
    }
  });

  test("an entry of the activity takes little room", async ({ page }) => {
    await signUp(page);
    await makeKey(page, "prod-api-worker");
    await page.goto(`/home/${slugOf(page)}/activity`);
    const entry = page.getByRole("row").filter({ hasText: "prod-api-worker" });
    expect((await entry.boundingBox())!.height).toBeLessThan(150);
    await entry.getByRole("link", { name: "prod-api-worker", exact: true }).tap();
    await expect(page.getByRole("heading", { name: "prod-api-worker", level: 1 })).toBeVisible();
  });

  test("the headings of the scopes stay at the top", async ({ page }) => {
    await signUp(page);
    await page.goto(`/home/${slugOf(page)}/scopes`);
    await page.getByRole("row").last().scrollIntoViewIfNeeded();
    await expect(page.getByRole("columnheader", { name: "Read Only" })).toBeInViewport({ ratio: 1 });
  });
});

test("the content is in the middle of a wide screen", async ({ page }) => {
  await page.setViewportSize({ width: 1920, height: 900 });
  await signUp(page);
  const [side, main] = await Promise.all([
    page.getByRole("complementary").boundingBox(),
    page.getByRole("main").boundingBox(),
  ]);
  const left = main!.x - side!.width;
  expect(Math.abs(left - (1920 - main!.x - main!.width))).toBeLessThan(2);
});

test("the list of accounts closes when Tab leaves it", async ({ page }) => {
  await signUp(page, somebody("Ada Moss"));
  await openSwitcher(page, "Ada Moss");
  const last = page.getByRole("link", { name: "Create team" });
  await last.focus();
  await page.keyboard.press("Tab");
  await expect(last).toBeHidden();
  await switcher(page, "Ada Moss").click();
  await expect(last).toBeVisible();
});

test("with text twice as large, the magnifier is beside the search", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await page.reload();
  await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
  const search = page.getByRole("searchbox", { name: "Search" });
  const gap = await search.evaluate((field) => {
    const icon = field.parentElement!.querySelector("svg")!.getBoundingClientRect();
    return field.getBoundingClientRect().left + parseFloat(getComputedStyle(field).paddingLeft) - icon.right;
  });
  expect(gap).toBeGreaterThan(0);
});

test("in forced colours the primary button differs from the others", async ({ page }) => {
  await page.emulateMedia({ forcedColors: "active" });
  await signUp(page);
  const add = await openDialog(page);
  const ground = (name: string) => button(add, name).evaluate((each) => getComputedStyle(each).backgroundColor);
  expect(await ground("Add")).not.toBe(await ground("Cancel"));
});

const entry = (page: Page) => page.getByRole("row").filter({ hasText: "prod" }).getByRole("cell").locator("time");

test.describe("far from UTC", () => {
  test.use({ timezoneId: "Asia/Tokyo" });

  test("times are local: on hover, on a tap, and for the whole page", async ({ page }) => {
    await page.clock.install();
    await signUp(page);
    await makeKey(page, "prod");
    await page.goto(`/home/${slugOf(page)}/activity`);
    const time = entry(page);
    const at = new Date((await time.getAttribute("datetime"))!);
    const local = new Intl.DateTimeFormat("en-GB", {
      dateStyle: "medium", timeStyle: "long", timeZone: "Asia/Tokyo",
    }).format(at);
    expect(local).toMatch(/GMT\+9$/);
    const shown = local.replace(/:\d\d GMT/, " GMT");
    await expect(time).toHaveText(/just now|seconds? ago/);
    await expect(time).toHaveAttribute("title", local);

    await time.click();
    await expect(time).toHaveText(shown);
    await time.click();
    await expect(time).toHaveText(/now|ago/);

    // It grows older without a reload.
    await page.clock.fastForward("05:00");
    await expect(time).toHaveText("5 minutes ago");

    const exact = button(page, "Exact times");
    await exact.focus();
    await page.keyboard.press("Enter");
    await expect(exact).toHaveAttribute("aria-pressed", "true");
    for (const each of await page.locator("time").all()) await expect(each).toHaveText(/GMT\+9$/);
    await page.reload();
    await expect(entry(page)).toHaveText(shown);
    await page.getByRole("link", { name: "prod", exact: true }).click();
    await expect(page.getByRole("region", { name: "About" }).locator("time").first()).toHaveText(/GMT\+9$/);
    await page.goBack();
    await button(page, "Exact times").click();
    await expect(entry(page)).toHaveText(/now|ago/);

    // Paper has no tooltips.
    await page.evaluate(() => dispatchEvent(new Event("beforeprint")));
    await expect(entry(page)).toHaveText(shown);
    await page.evaluate(() => dispatchEvent(new Event("afterprint")));
    await expect(entry(page)).toHaveText(/now|ago/);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("times are exact in UTC on hover, and nothing is offered that needs a script", async ({ page }) => {
    await signUp(page, somebody(), false);
    await makeKey(page, "prod");
    await page.goto(`/home/${slugOf(page)}/activity`);
    await expect(entry(page)).toHaveAttribute("title", / UTC$/);
    await expect(button(page, "Exact times")).toBeHidden();
    await page.context().clearCookies();
    await page.goto("/sign-in");
    await expect(button(page, "Show password")).toBeHidden();
  });
});

test("each page of the frame passes all rules of axe", async ({ page }) => {
  test.setTimeout(60_000);
  await signUp(page);
  const slug = slugOf(page);
  await makeKey(page, "prod");
  for (const path of ["activity?search=prod", "scopes", "guard", "../create-team"]) {
    await page.goto(`/home/${slug}/${path}`);
    await a11y(page, path);
  }
});
