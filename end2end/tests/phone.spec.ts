// A phone: 360 wide, fingers, a bar instead of the sidebar. Nothing moves sideways, and every dialog can be used.

import {
  button, copyKey, dialog, field, fillKey, finish, hydrated, isModal, KEYS_PAGE, openDialog, openMenu, radio, REISSUE, row, scopeBox,
  secretField, sendKey, sideways, signUp, somebody, tooltip, visit,
} from "../fixtures/journey";
import { makeKey, postPlainly } from "../fixtures/keys";
import { another, createTeam, openSwitcher, switcher } from "../fixtures/team";
import { expect, test, type Locator, type Page } from "../fixtures/test";

test.use({ viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true });

async function expectNarrow(page: Page, what: string): Promise<void> {
  expect.soft(await sideways(page), `${what} moves sideways`).toBeLessThanOrEqual(0);
}

/** Large enough for a finger: 24 by 24 at least (WCAG 2.2, 2.5.8), with what belongs to it. */
async function expectTargets(scope: Page | Locator): Promise<void> {
  for (const target of await scope.getByRole("button").filter({ visible: true }).all()) {
    const box = (await target.boundingBox())!;
    const what = await target.evaluate((element) => element.outerHTML.slice(0, 100));
    const inList = await target.evaluate((element) => element.matches(".link, .more"));
    if (!inList) expect.soft(Math.min(box.width, box.height), what).toBeGreaterThanOrEqual(24);
  }
}

test("ticked keys are ended from the bar above them", async ({ page }) => {
  await signUp(page);
  for (const name of ["first", "second"]) await makeKey(page, name);
  await page.reload();
  await hydrated(page);
  const bar = page.getByRole("form", { name: "Selected keys" });
  const tick = async () => {
    for (const name of ["first", "second"]) await page.getByRole("checkbox", { name: `Select ${name}`, exact: true }).check();
  };
  for (const action of ["Revoke", "Delete"]) {
    await tick();
    await button(bar, `${action} selected`).click();
    await expect(dialog(page, `${action} API keys`)).toBeVisible();
    await page.keyboard.press("Escape");
    await expect(dialog(page, `${action} API keys`)).toHaveCount(0);
  }
  await tick();
  await button(bar, "Clear").click();
  await expect(bar).toBeHidden();
});

test("text of twice its size fits", async ({ page }) => {
  const ada = await signUp(page);
  await makeKey(page, "prod-api-worker");
  await page.reload();
  const keys = page.url().split(/[?#]/)[0]!;
  const key = (await page.getByRole("link", { name: "prod-api-worker", exact: true }).getAttribute("href"))!;
  const others = ["activity", "scopes", "guard"].map((name) => keys.replace("api-keys", name));
  for (const one of [keys, key, ...others]) {
    await page.goto(one);
    await page.locator("html").evaluate((html) => (html.style.fontSize = "200%"));
    await expectNarrow(page, one);
    // The name of the account keeps its room.
    expect.soft((await switcher(page, ada.name).boundingBox())!.width, one).toBeGreaterThan(150);
  }
});

// The lower one is where the head of a dialog scrolls away too (style/kit/_dialog.scss).
for (const height of [640, 360]) {
  test(`a key is made on a screen ${height} high, whatever it is asked for`, async ({ page }) => {
    await page.setViewportSize({ width: 360, height });
    await visit(page, "/sign-up");
    await expectNarrow(page, "sign-up");
    await signUp(page);
    await expectNarrow(page, "empty");
    const add = await openDialog(page);
    await fillKey(add, "W".repeat(100), "Custom");
    await scopeBox(add, "account:read").check();
    await scopeBox(add, "health:read").check();
    await field(add, "Expires").selectOption({ label: "On a date" });
    await field(add, "Last day of the key, in UTC").fill(`${new Date().getUTCFullYear() + 1}-01-31`);
    await field(add, "IP allowlist (optional)").fill("2001:db8:1111:2222:3333:4444:5555:6666, 203.0.113.0/24");
    await button(add, "Add it").tap();
    await expect(field(add, "IP allowlist (optional)")).toHaveValue(/, 127\.0\.0\.1$/);
    await expectNarrow(page, "Add API key");
    await expectTargets(add);
    // What sends it is on the screen all the time.
    await expect(button(add, "Add")).toBeInViewport({ ratio: 1 });
    await expect(button(add, "Cancel")).toBeInViewport({ ratio: 1 });
    await radio(add, "Full Access").scrollIntoViewIfNeeded();
    await expect(button(add, "Add")).toBeInViewport({ ratio: 1 });

    const { view } = await sendKey(page, () => button(add, "Add").tap());
    await expectNarrow(page, "View API key");
    await expectTargets(view);
    await expect(button(view, "Done")).toBeInViewport({ ratio: 1 });
    await expect(copyKey(view)).toBeInViewport({ ratio: 1 });
    await button(view, "Show value").tap();
    await expect(secretField(view)).toHaveValue(/^bye_\w{38}$/);
    await view.getByRole("tab", { name: "Secrets manager" }).tap();
    await expect(view.getByRole("tabpanel", { name: "Secrets manager" })).toBeVisible();
    await expectNarrow(page, "View API key with the value");
    await finish(page, view);
    await expectNarrow(page, "one row");
    await expect(row(page, "W".repeat(100))).toBeInViewport();
  });
}

test("what is wrong is on the screen", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  guard.expectStatus(422);
  await fillKey(add, "fenced in");
  await field(add, "IP allowlist (optional)").fill("somewhere");
  await button(add, "Add").tap();
  await expect(field(add, "IP allowlist (optional)")).toBeFocused();
  await expect(field(add, "IP allowlist (optional)")).toBeInViewport({ ratio: 1 });
  await expect(add.getByText("Entry 1: somewhere is not an IP address or a CIDR block such as 203.0.113.0/24.")).toBeInViewport();
  await expectNarrow(page, "with an error");
});

test("rows become cards that say what each value is, and their menu reissues", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "مفتاح الإنتاج", { allowlist: "2001:db8:1111:2222:3333:4444:5555:6666, 203.0.113.0/24", expires: "7" });
  await makeKey(page, "界".repeat(100));
  await page.reload();
  await hydrated(page);
  await expectNarrow(page, "with rows");
  await expectTargets(page);
  const label = (name: string) =>
    row(page, "مفتاح الإنتاج").getByRole("cell").filter({ hasText: name });
  await expect(label("Active")).toBeVisible();
  const more = button(page, "+1 more");
  await more.tap();
  await expect.poll(() => tooltip(more)).toBe("2001:db8:1111:2222:3333:4444:5555:6666\n203.0.113.0/24");
  await expectNarrow(page, "with a tooltip");

  const menu = await openMenu(page, "مفتاح الإنتاج");
  for (const item of await menu.getByRole("menuitem").all()) await expect(item).toBeInViewport({ ratio: 1 });
  await menu.getByRole("menuitem", { name: "Reissue secret" }).tap();
  await hydrated(page);
  const reissue = dialog(page, "Reissue secret");
  await expect.poll(() => isModal(reissue)).toBe(true);
  await expectNarrow(page, "Reissue secret");
  await expect(button(reissue, "Cancel")).toBeInViewport({ ratio: 1 });
  const { view } = await sendKey(page, () => button(reissue, "Reissue secret").tap(), REISSUE);
  await button(view, "Show value").tap();
  await finish(page, view);
});

test("list, full view, pages and scopes fit", async ({ page }) => {
  await signUp(page);
  for (let n = 1; n <= 51; n += 1) await makeKey(page, `worker-${n}`);
  await page.reload();
  await expectNarrow(page, "pages");
  await page.getByRole("link", { name: "Last", exact: true }).tap();
  await expect(page.getByText("2–51 of 51 keys")).toBeVisible();
  await expectNarrow(page, "last page");
  // It would gain nothing here; somebody who comes from a wide screen can close it.
  await expect(button(page, "Open full view")).toBeHidden();
  await page.goto(`${page.url().split("?")[0]}?full=1`);
  await expectNarrow(page, "full view");
  await button(page, "Close full view").tap();
  await page.getByRole("searchbox", { name: "Search" }).fill("W".repeat(100));
  await page.keyboard.press("Enter");
  await expect(page.getByRole("link", { name: "Show all keys" })).toBeVisible();
  await expectNarrow(page, "no match");
  await page.getByRole("link", { name: "Scopes" }).tap();
  await expect(page.getByRole("heading", { name: "Scopes", level: 1 })).toBeVisible();
  await expectNarrow(page, "scopes");
});

test("a long configuration moves in its own box, and its buttons are large enough", async ({ page }) => {
  await signUp(page);
  await page.getByRole("link", { name: "Guard your API" }).tap();
  for (const proxy of ["nginx", "Caddy", "Traefik", "Envoy"]) {
    await page.getByRole("navigation", { name: "Proxy" }).getByRole("link", { name: proxy }).tap();
    await expect(page.getByRole("link", { name: proxy })).toHaveAttribute("aria-current", "page");
    await hydrated(page);
    await expectNarrow(page, proxy);
    await expectTargets(page);
    const box = (await page.getByRole("region", { name: /^Configuration/ }).locator("pre").boundingBox())!;
    expect.soft(box.height, `${proxy} leaves room around it`).toBeLessThan(640);
  }
});

test("a member sees a key's page and the pages that say no", async ({ page, browser, baseURL, guard, server }) => {
  await signUp(page);
  const slug = await createTeam(page, "Reef Works");
  const name = "W".repeat(100);
  await makeKey(page, name);
  const { person, page: theirs } = await another(browser, guard, baseURL, "Cy Vale");
  await theirs.setViewportSize({ width: 360, height: 640 });
  await server.run("member", "add", "--account", slug, "--email", person.email, "--role", "member");
  await theirs.goto(`/home/${slug}/api-keys`);
  await expect(button(theirs, `Actions for ${name}`)).toBeDisabled();
  await expectNarrow(theirs, "read-only cards");
  await theirs.getByRole("link", { name }).click();
  await expect(button(theirs, "Rotate")).toBeDisabled();
  await expectNarrow(theirs, "a key, read-only");
  await expectTargets(theirs);
  guard.expectStatus(403);
  await postPlainly(theirs, `/home/${slug}/api-keys?dialog=leak`);
  await expect(theirs.getByRole("heading", { name: "You are not allowed to do this" })).toBeVisible();
  await expectNarrow(theirs, "refused");
  guard.expectStatus(404);
  await theirs.goto("/nowhere");
  await expect(theirs.getByRole("heading", { name: "Page not found" })).toBeVisible();
  await expectNarrow(theirs, "404");
  await theirs.context().close();
});

test("there is room for one theme: the next", async ({ page }) => {
  await signUp(page);
  const theme = page.getByRole("button", { name: /^Theme: / }).filter({ visible: true });
  await expect(theme).toHaveCount(1);
  await theme.tap();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "light");
  await theme.tap();
  await expect(page.locator("html")).toHaveAttribute("data-theme", "dark");
  await theme.tap();
  await expect(page.locator("html")).not.toHaveAttribute("data-theme");
});

test("a team is made and left by the switcher", async ({ page, guard }) => {
  const ada = await signUp(page, somebody("Ada Moss ".repeat(9).trim()));
  await expectNarrow(page, "a long name");
  await openSwitcher(page, ada.name);
  await expectNarrow(page, "switcher");
  await page.getByRole("link", { name: "Create team" }).tap();
  await hydrated(page);
  guard.expectStatus(422);
  await button(page, "Create team").tap();
  await expect(field(page, "Name")).toHaveAttribute("aria-invalid", "true");
  await expectNarrow(page, "Create team");
  await createTeam(page, "W".repeat(64));
  await expectNarrow(page, "a team with a long name");
  const accounts = await openSwitcher(page, "W".repeat(64));
  await expectNarrow(page, "switcher with long names");
  await accounts.getByRole("link", { name: ada.name }).tap();
  await expect(page).toHaveURL(KEYS_PAGE);
  await expect(switcher(page, ada.name)).toBeVisible();
});
