// Before a key ends: how much it was used. Afterwards: what was done, and where the focus is.

import { button, dialog, field, finish, hydrated, ROTATE, row, sendKey, signUp, sideways, somebody } from "../fixtures/journey";
import { ask, makeKey, postForm, slugOf } from "../fixtures/keys";
import { inSampleTeam } from "../fixtures/sample";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const list = (page: Page) => `/home/${slugOf(page)}/api-keys`;
const line = (page: Page) => page.locator("[data-status]");
const idOf = async (page: Page, name: string) =>
  (await page.getByRole("link", { name, exact: true }).first().getAttribute("href"))!.split("/").pop()!;

/** Opens the dialog of one key by its address. */
async function asked(page: Page, name: string, kind: string, title: string, scripts = true): Promise<Locator> {
  await page.goto(list(page));
  await page.goto(`${list(page)}?dialog=${kind}&key=${await idOf(page, name)}`);
  if (scripts) await hydrated(page);
  const open = dialog(page, title);
  await expect(open).toBeVisible();
  return open;
}

/** The status line says this, has the focus, and is gone after a reload. */
async function expectLine(page: Page, text: string | RegExp, focused = true): Promise<void> {
  await expect(line(page)).toHaveText(text);
  await expect(line(page)).toHaveAttribute("role", "status");
  if (focused) await expect(line(page)).toBeFocused();
}

test("the dialogs say when the key was last used and by how many clients, and until when it works", async ({ page, request }) => {
  await signUp(page);
  const used = await makeKey(page, "prod");
  await makeKey(page, "unused");
  for (let n = 0; n < 2; n++) await ask(request, used);
  for (const [kind, title] of [["rotate", "Rotate API key"], ["revoke", "Revoke API key"], ["delete", "Delete API key"]] as const) {
    const open = await asked(page, "prod", kind, title);
    await expect(open).toContainText(/Last used .+, 2 requests in the last 30 days from 1 client/);
  }
  await expect(await asked(page, "unused", "revoke", "Revoke API key")).toContainText("Never used, created just now");

  const rotate = await asked(page, "prod", "rotate", "Rotate API key");
  await expect(rotate).toContainText("Same name, scopes, allowlist and rate limit. Never expires. You will see it once, on the next screen.");
  const ends = rotate.getByText(/^The old key stops on /);
  const shown = ends.filter({ visible: true });
  await expect(ends).toHaveCount(7);
  await expect(shown).toHaveCount(1);
  const first = await shown.innerText();
  await field(rotate, "Grace period").selectOption("168");
  await expect(shown).toHaveCount(1);
  expect(await shown.innerText()).not.toBe(first);
  await expect(field(rotate, "Grace period")).toHaveAccessibleDescription(/^The old key stops on \S+ \S+ at \d\d:\d\d UTC\./);

  await page.setViewportSize({ width: 360, height: 640 });
  for (const [kind, title] of [["rotate", "Rotate API key"], ["delete", "Delete API key"]] as const) {
    await asked(page, "prod", kind, title);
    expect(await sideways(page)).toBe(0);
  }
});

test("a key that was not used for long is called safe to end, alone and among others", async ({ browser, guard }) => {
  await inSampleTeam(browser, guard, async (page) => {
    const unused = /Not used since \d+ \w+ \d{4}: safe to (revoke|delete)/;
    // Counting may time out on a busy machine, and the dialog says so then.
    await expect(async () => {
      for (const [kind, title] of [["revoke", "Revoke API key"], ["delete", "Delete API key"]] as const) {
        await expect(await asked(page, "nightly-export", kind, title)).toContainText(unused, { timeout: 100 });
      }
    }).toPass({ timeout: 15_000 });
    await page.goto(list(page));
    await hydrated(page);
    for (const name of ["nightly-export", "dev-frontend", "staging-monitor"]) {
      await page.getByRole("checkbox", { name: `Select ${name}` }).check();
    }
    const several = dialog(page, "Revoke API keys");
    await expect(async () => {
      await page.keyboard.press("Escape");
      await button(page, "Revoke selected").click();
      await expect(several.getByRole("list", { name: "3 keys" }).getByRole("listitem")).toHaveText([
        /^dev-frontend.*Active.*Last used 2 hours ago, \d+ requests in the last 30 days from \d clients?$/,
        /^nightly-export.*Active.*Not used since \d+ \w+ \d{4}: safe to revoke$/,
        // Nothing is left to end.
        /^staging-monitor.*Expired.*Not used since \d+ \w+ \d{4}$/,
      ], { timeout: 500 });
    }).toPass({ timeout: 15_000 });
  }, "ada@demo.example");
});

test("on a small phone the warning is in view, however long the name", async ({ page }) => {
  await page.setViewportSize({ width: 360, height: 640 });
  await signUp(page);
  const long = "W".repeat(100);
  await makeKey(page, long);
  const inView = async (open: Locator, warning: RegExp) => {
    await expect(open.getByText(warning)).toBeInViewport({ ratio: 1 });
    expect(await sideways(page)).toBe(0);
  };
  await inView(await asked(page, long, "reissue", "Reissue secret"), /^The current secret stops working immediately\./);
  await inView(await asked(page, long, "revoke", "Revoke API key"), /^Its requests get 401 from now on\./);
  const remove = await asked(page, long, "delete", "Delete API key");
  await expect(remove.getByRole("textbox")).toBeFocused();
  await inView(remove, /^Its requests get 401 from now on\./);
  await page.goto(list(page));
  const old = await idOf(page, long);
  const fields = { account: slugOf(page), key: old, grace: "24", form_token: "0".repeat(32) };
  secrets.add(((await (await postForm(page, "/api/keys/rotate", fields)).json()) as { secret: string }).secret);
  // Rotating the new key stops the old one.
  await inView(await asked(page, long, "rotate", "Rotate API key"), /^bye_\w{5}\.\.\., which this key replaced, still works and was never used\. It stops immediately\.$/);
  await page.goto(`${list(page)}?dialog=grace&key=${old}`);
  await hydrated(page);
  const grace = dialog(page, "Change grace period");
  const choice = field(grace, "Grace period");
  const top = () => choice.evaluate((at) => at.getBoundingClientRect().top - at.closest("dialog")!.getBoundingClientRect().top);
  const before = await top();
  await choice.selectOption("0");
  await inView(grace, /^The key stops immediately\./);
  // The choice does not move away from the pointer.
  expect(await top()).toBeCloseTo(before, 1);
});

test("after a rotation one sees until when the old key works", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  const rotate = await asked(page, "prod", "rotate", "Rotate API key");
  const { view } = await sendKey(page, () => button(rotate, "Rotate key").click(), ROTATE, "Key rotated successfully");
  const until = /bye_\w{5}\.\.\. works until \d+ \w+, \d\d:\d\d UTC \(in 24 hours\)\./;
  await expect(view).toContainText(until);
  await button(view, "Show value").click();
  await finish(page, view);
  await expectLine(page, until, false);
  await expect(row(page, "prod").first()).toBeFocused();
  await button(line(page), "Change grace period").click();
  const grace = dialog(page, "Change grace period");
  await expect(grace).toBeVisible();
  await expect(grace).toContainText("Not used yet");
  const chosen = field(grace, "Grace period").locator("option:checked");
  await expect(chosen).toHaveText(/^\d+ \w+, \d\d:\d\d UTC \(24 h\)$/);
  // A select element cuts what is wider than itself.
  await page.setViewportSize({ width: 360, height: 740 });
  const cut = await field(grace, "Grace period").evaluate((select: HTMLSelectElement) => {
    const style = getComputedStyle(select);
    const pen = document.createElement("canvas").getContext("2d")!;
    pen.font = style.font;
    const room = select.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    return [...select.options].map(({ text }) => text).filter((text) => pen.measureText(text).width > room);
  });
  expect(cut).toEqual([]);
});

test("after a deletion the page says so, and the focus is there", async ({ page }) => {
  await signUp(page);
  for (const name of ["service-58", "second", "third", "fourth"]) await makeKey(page, name);
  const remove = await asked(page, "service-58", "delete", "Delete API key");
  await field(remove, "Type service-58 to confirm").fill("service-58");
  await page.keyboard.press("Enter");
  await expectLine(page, "Deleted service-58.");
  expect(page.url()).not.toContain("key-");
  await page.reload();
  await expect(row(page, "second")).toBeVisible();
  await expect(line(page)).toHaveCount(0);
  await hydrated(page);

  for (const name of ["second", "third"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(page, "Revoke selected").click();
  await button(dialog(page, "Revoke API keys"), "Revoke keys").click();
  await expectLine(page, "Revoked 2 keys.");
  await hydrated(page);
  for (const name of ["third", "fourth"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(page, "Revoke selected").click();
  await button(dialog(page, "Revoke API keys"), "Revoke keys").click();
  await expectLine(page, "Revoked 1 key. 1 was skipped: it had already ended.");
  await hydrated(page);
  for (const name of ["second", "third"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await button(page, "Delete selected").click();
  const several = dialog(page, "Delete API keys");
  await field(several, "Type delete 2 keys to confirm").fill("delete 2 keys");
  await button(several, "Delete keys").click();
  await expectLine(page, "Deleted 2 keys.");
});

test("a long list moves only if the changed row is out of sight", async ({ page }) => {
  await signUp(page);
  for (let n = 0; n < 30; n++) await makeKey(page, `key-${n}`);
  const revoke = async (name: string) => {
    const open = await asked(page, name, "revoke", "Revoke API key");
    await button(open, "Revoke key").click();
    await expectLine(page, new RegExp(`^Revoked ${name}\\.`), false);
    await expect(row(page, name)).toBeFocused();
    await expect(row(page, name)).toBeInViewport({ ratio: 1 });
    return page.evaluate(() => scrollY);
  };
  expect(await revoke("key-27")).toBe(0);
  await expect(line(page)).toBeInViewport({ ratio: 1 });
  expect(await revoke("key-0")).toBeGreaterThan(0);
});

test("a name that is hard to type is confirmed by the prefix of its key", async ({ page }) => {
  await signUp(page);
  const hebrew = "\u05de\u05e4\u05ea\u05d7 (v1) 2026";
  for (const name of [hebrew, "W".repeat(100)]) {
    const secret = await makeKey(page, name);
    const remove = await asked(page, name, "delete", "Delete API key");
    const typed = field(remove, `Type ${secret.slice(0, 9)} to confirm`);
    await expect(typed).toHaveAttribute("dir", "auto");
    await expect(remove.locator("bdi").first()).toHaveText(name);
    await typed.fill(secret.slice(0, 9));
    await button(remove, "Delete key").click();
    await expectLine(page, `Deleted ${name}.`);
    await expect(line(page).locator("bdi")).toHaveText(name);
  }
});

test("creating a team says so", async ({ page }) => {
  await signUp(page);
  await page.goto("/home/create-team");
  await hydrated(page);
  await field(page, "Name").fill("Tide");
  await button(page, "Create team").last().click();
  await expectLine(page, "Created the team Tide. Create its first API key. To add members, ask the person who runs this server.");
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the same lines, and the focus by the address alone", async ({ page }) => {
    await signUp(page, somebody(), false);
    secrets.add(await makeKey(page, "prod"));
    secrets.add(await makeKey(page, "old"));
    const rotate = await asked(page, "prod", "rotate", "Rotate API key", false);
    await expect(rotate.getByText(/^The old key stops on /).filter({ visible: true })).toHaveCount(1);
    const revoke = await asked(page, "prod", "revoke", "Revoke API key", false);
    await button(revoke, "Revoke key").click();
    await expectLine(page, /^Revoked prod\. See the key$/, false);
    await expect(row(page, "prod")).toBeFocused();
    const remove = await asked(page, "old", "delete", "Delete API key", false);
    await field(remove, "Type old to confirm").fill("old");
    await button(remove, "Delete key").click();
    await expectLine(page, "Deleted old.");
  });
});
