// What `Add API key` asks for beside name and preset: each field right and wrong, with scripts and without.

import {
  button, dialog, expectError, expectGone, field, fillKey, finish, hydrated, opener, openDialog, radio, row, scopeBox,
  readPlainly, sendKey, signUp, somebody, tooltip,
} from "../fixtures/journey";
import { ask, makeKey } from "../fixtures/keys";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const DATE = "Last day of the key, in UTC";
const ALLOWLIST = "IP allowlist (optional)";
const THREE = "203.0.113.10, 2001:db8::1, 10.0.0.0/33";
const WRONG = "Entry 3: 10.0.0.0/33 has a prefix length over 32; use at most /32.";
const now = new Date();
/** A day that many years ahead. */
const inYears = (years: number) => `${now.getUTCFullYear() + years}-03-31`;

const expiry = (add: Locator, choice: string) => field(add, "Expires").selectOption({ label: choice });

for (const scripts of [true, false]) {
  test.describe(scripts ? "in place:" : "without scripts:", () => {
    test.use({ javaScriptEnabled: scripts });

    let add: Locator;
    let send: (page: Page) => Promise<{ view: Locator; secret: string }>;

    test.beforeEach(async ({ page }) => {
      await signUp(page, somebody(), scripts);
      if (scripts) {
        add = await openDialog(page);
        send = (page) => sendKey(page, () => button(add, "Add").click());
      } else {
        await opener(page).click();
        add = dialog(page, "Add API key");
        send = async (page) => {
          await button(add, "Add").click();
          const view = dialog(page, "View API key");
          const secret = await readPlainly(view);
          return { view, secret };
        };
      }
    });

    /** Ends on the table with the new key's row. */
    async function close(page: Page, view: Locator): Promise<void> {
      if (scripts) {
        await button(view, "Show value").click();
        await finish(page, view);
      } else {
        await button(view, "Done").click();
        await expect(page).toHaveURL(/created=/);
      }
    }

    test("a date that is over, too far or missing is refused, and a right one ends the key", async ({ page, request, guard }) => {
      guard.expectStatus(422);
      await expect(field(add, DATE)).toBeHidden();
      await fillKey(add, "dated", "Read Only");
      await expiry(add, "On a date");
      for (const [date, message] of [
        ["", "Enter the last day of the key, or choose Never."],
        ["2020-01-31", "This day is over or about to end in UTC. Choose a later one."],
        [inYears(11), "Choose a day within the next 10 years."],
      ] as const) {
        await field(add, DATE).fill(date);
        await button(add, "Add").click();
        await expectError(field(add, DATE), message);
        // Nothing typed is lost.
        await expect(field(add, DATE)).toHaveValue(date);
        await expect(field(add, "Expires")).toHaveValue("date");
        await expect(field(add, "Name")).toHaveValue("dated");
        await expect(radio(add, "Read Only")).toBeChecked();
      }
      await field(add, DATE).fill(inYears(1));
      const { view, secret } = await send(page);
      await expect(view.getByText(/Read Only · expires 31 Mar \d{4}, 23:59 UTC/)).toBeVisible();
      const { body } = await ask(request, secret);
      expect(body.data!.apikey_expires_at).toBe(`${inYears(1)}T23:59:59.000Z`);
      await close(page, view);
      await expect(row(page, "dated").getByRole("rowheader")).toContainText(/Read Only · expires in \d+ days/);
      await expectGone(page, secret);
    });

    test("a number of days counts from now", async ({ page, request }) => {
      await fillKey(add, "short-lived");
      await expect(field(add, "Expires")).toHaveValue("never");
      await expect(field(add, "Expires").getByRole("option")).toHaveText(["Never", "7 days", "30 days", "90 days", "On a date"]);
      await expiry(add, "30 days");
      const { view, secret } = await send(page);
      const { body } = await ask(request, secret);
      const created = Date.parse(body.data!.apikey_created_at as string);
      expect(Date.parse(body.data!.apikey_expires_at as string) - created).toBe(30 * 86_400_000);
      await close(page, view);
      await expect(row(page, "short-lived").getByRole("rowheader")).toContainText(/Full Access · expires in (29|30) days/);
    });

    test("Custom needs a scope, and gives the key those chosen and no other", async ({ page, request, guard }) => {
      await expect(scopeBox(add, "account:read")).toBeHidden();
      await fillKey(add, "made to measure", "Custom");
      await expect(scopeBox(add, "account:read")).toBeVisible();
      guard.expectStatus(422);
      await button(add, "Add").click();
      await expectError(add.getByRole("group", { name: "Scopes" }), "Choose at least one scope.", false);
      await expect(scopeBox(add, "generation:write")).toBeFocused();
      await expect(radio(add, "Custom")).toBeChecked();
      await expect(field(add, "Name")).toHaveValue("made to measure");

      // A refusal of something else keeps the boxes.
      await scopeBox(add, "account:read").check();
      await scopeBox(add, "health:read").check();
      await field(add, "Name").fill(" ");
      await button(add, "Add").click();
      await expectError(field(add, "Name"), "Enter a name.");
      for (const scope of ["account:read", "health:read"]) await expect(scopeBox(add, scope)).toBeChecked();
      await expect(scopeBox(add, "library:read")).not.toBeChecked();

      await field(add, "Name").fill("made to measure");
      const { view, secret } = await send(page);
      await close(page, view);
      await expect(row(page, "made to measure").getByRole("rowheader")).toContainText("Custom (2 scopes)");
      expect(await ask(request, secret)).toMatchObject({ status: 200 });
      expect(await ask(request, secret, "/v1/health/storage")).toMatchObject({ status: 501, code: "BSE5001" });
      expect(await ask(request, secret, "/v1/library/models")).toMatchObject({ status: 403, code: "BSE1003" });
    });

    test("boxes ticked before another preset was chosen give nothing", async ({ page, request }) => {
      await fillKey(add, "changed my mind", "Custom");
      await scopeBox(add, "account:read").check();
      await radio(add, "Monitor Only").check();
      await expect(scopeBox(add, "account:read")).toBeHidden();
      const { view, secret } = await send(page);
      await close(page, view);
      await expect(row(page, "changed my mind").getByRole("rowheader")).toContainText("Monitor Only");
      expect(await ask(request, secret)).toMatchObject({ status: 403, code: "BSE1003" });
    });

    test("a wrong entry of the allowlist is named, and nothing typed is lost", async ({ page, guard }) => {
      guard.expectStatus(422);
      await fillKey(add, "fenced in", "Generate Only");
      await field(add, ALLOWLIST).fill(THREE);
      await button(add, "Add").click();
      await expectError(field(add, ALLOWLIST), WRONG);
      await expect(field(add, ALLOWLIST)).toHaveValue(THREE);
      await expect(field(add, "Name")).toHaveValue("fenced in");
      await expect(radio(add, "Generate Only")).toBeChecked();
      const many = Array.from({ length: 51 }, (_, n) => `203.0.113.${n}`).join(", ");
      await field(add, ALLOWLIST).fill(many);
      await button(add, "Add").click();
      await expectError(field(add, ALLOWLIST), "Use at most 50 entries; this list has 51.");
      await expect(field(add, ALLOWLIST)).toHaveValue(many);

      await field(add, ALLOWLIST).fill("203.0.113.10, ::ffff:198.51.100.5, 203.0.113.10");
      const { view } = await send(page);
      await expect(view.getByText("Entry 2: ::ffff:198.51.100.5 is kept as 198.51.100.5.")).toBeVisible();
      await expect(view.getByText("Entry 3 repeats entry 1.")).toBeVisible();
      await close(page, view);
      await expect(row(page, "fenced in").getByRole("cell", { name: /^203\.0\.113\.10/ })).toBeVisible();
      await expect(button(row(page, "fenced in"), "+1 more")).toHaveAccessibleDescription("203.0.113.10 198.51.100.5");
    });

    test("a key works from the addresses of its list and from no other", async ({ page, request }) => {
      await fillKey(add, "here", "Read Only");
      await field(add, ALLOWLIST).fill("203.0.113.7\n127.0.0.0/8");
      const { view, secret } = await send(page);
      await close(page, view);
      expect(await ask(request, secret)).toMatchObject({ status: 200 });
      const elsewhere = await makeKey(page, "elsewhere", { allowlist: "203.0.113.0/24" });
      expect(await ask(request, elsewhere)).toMatchObject({
        status: 403,
        body: { error: { code: "BSE1007", type: "ip_not_allowed", retryable: false } },
      });
    });
  });
}

test("what an allowlist covers is said while it is typed", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  const reading = add.getByRole("status").getByRole("listitem");
  const list = field(add, ALLOWLIST);
  // What comes into it later is announced, since it was there before.
  const told = add.getByRole("status").filter({ has: page.locator("#allowlist-error") });
  await expect(told).toHaveText("");
  await expect(add.getByText("Your current IP is 127.0.0.1")).toBeVisible();
  await button(add, "Add it").click();
  await expect(list).toHaveValue("127.0.0.1");
  await expect(reading).toHaveText(["127.0.0.1: one address"]);
  // Not a second time.
  await button(add, "Add it").click();
  await expect(list).toHaveValue("127.0.0.1");

  await list.fill("203.0.113.9/24");
  await list.blur();
  await expect(reading).toHaveText([
    "Entry 1: 203.0.113.9/24 is kept as 203.0.113.0/24.",
    "203.0.113.0/24: 256 addresses, 203.0.113.0 to 203.0.113.255",
  ]);
  await button(add, "Add it").click();
  await expect(list).toHaveValue("203.0.113.9/24, 127.0.0.1");
  await expect(reading.last()).toHaveText("127.0.0.1: one address");

  guard.expectStatus(422);
  await list.fill(THREE);
  await list.blur();
  await expectError(list, WRONG, false);
  await expect(told).toHaveText(WRONG);
  await expect(told).toBeVisible();
  await expect(reading).toHaveCount(0);
  await list.fill("");
  await list.blur();
  await expect(list).not.toHaveAttribute("aria-invalid");
  await expect(told).toHaveText("");
});

test("every entry is seen on hover, on focus and by who hears the page", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "three", { allowlist: "203.0.113.0/24, 198.51.100.5, 2001:db8:7::/48" });
  await makeKey(page, "one", { allowlist: "198.51.100.5" });
  await makeKey(page, "any");
  await page.reload();
  await hydrated(page);
  await expect(row(page, "any").getByRole("cell").nth(4)).toHaveText("Any address");
  await expect(row(page, "one").getByRole("cell").nth(4)).toHaveText("198.51.100.5");
  await expect(row(page, "one").getByRole("button", { name: "more" })).toHaveCount(0);

  const all = "203.0.113.0/24\n198.51.100.5\n2001:db8:7::/48";
  const more = button(row(page, "three"), "+2 more");
  const shows = (text: string) => expect.poll(() => tooltip(more)).toBe(text);
  await expect(more).toHaveText("+2");
  await expect(more).toHaveAccessibleDescription(all.replaceAll("\n", " "));
  await shows("");
  await more.hover();
  await shows(all);

  // WCAG 1.4.13: it can be dismissed without moving the pointer, and comes back when the pointer does.
  await page.keyboard.press("Escape");
  await shows("");
  await page.getByRole("heading", { name: "API keys" }).hover();
  await more.hover();
  await shows(all);
  // The way into it does not close it.
  const box = (await more.boundingBox())!;
  await page.mouse.move(box.x + box.width / 2, box.y + box.height + 20, { steps: 5 });
  await shows(all);
  await page.mouse.move(0, 0);
  await shows("");
  await more.focus();
  await shows(all);
  await opener(page).focus();
  await shows("");
});

test("a name is counted and not cut, and what was pasted with it becomes a space", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  const name = field(add, "Name");
  const counter = add.getByRole("status").filter({ hasText: /of 100 characters$/ });
  await name.fill("n".repeat(80));
  await expect(counter).toHaveCount(0);
  await name.fill("n".repeat(81));
  await expect(counter).toHaveText("81 of 100 characters");
  // As the server counts: one character each, without the spaces around them.
  await name.fill(` ${"🔑".repeat(99)} `);
  await expect(counter).toHaveText("99 of 100 characters");

  await page.evaluate((text) => navigator.clipboard.writeText(text), "n".repeat(140)).catch(() => undefined);
  await name.fill("");
  await name.focus();
  await page.keyboard.insertText("n".repeat(140));
  await expect(name).toHaveValue("n".repeat(140));
  await expect(counter).toHaveText("140 of 100 characters");
  await radio(add, "Read Only").check();
  guard.expectStatus(422);
  await button(add, "Add").click();
  await expectError(name, "Use at most 100 characters; this name has 140.");

  await name.fill("second line\u200B, third");
  await button(add, "Add").click();
  await expectError(name, 'The name has an invisible character (U+200B) after "line". Delete it.');
  // A row of a table, as a spreadsheet copies it.
  await name.fill("prod\tworker");
  const { view } = await sendKey(page, () => button(add, "Add").click());
  await button(view, "Show value").click();
  await finish(page, view);
  await expect(row(page, "prod worker")).toBeVisible();
});

test("spaces and semicolons separate addresses, and commas the thousands of a limit", async ({ page }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "spaced", "Read Only");
  const list = field(add, ALLOWLIST);
  await list.fill("203.0.113.9/24 2001:db8::1;198.51.100.5");
  await list.blur();
  await expect(add.getByRole("status").getByRole("listitem")).toHaveText([
    "Entry 1: 203.0.113.9/24 is kept as 203.0.113.0/24.",
    "203.0.113.0/24: 256 addresses, 203.0.113.0 to 203.0.113.255",
    "2001:db8::1: one address",
    "198.51.100.5: one address",
  ]);
  // What is there already is not added a second time.
  await list.fill("198.51.100.5 127.0.0.1");
  await button(add, "Add it").click();
  await expect(list).toHaveValue("198.51.100.5 127.0.0.1");
  await field(add, "Rate limit (optional)").fill("1,000,000");
  const { view } = await sendKey(page, () => button(add, "Add").click());
  await button(view, "Show value").click();
  await finish(page, view);
  await page.getByRole("link", { name: "spaced" }).click();
  await expect(page.getByRole("region", { name: "About" })).toContainText("1,000,000 requests a minute");
});

test("the line above Add says what the choices add up to, and when nothing restricts the key", async ({ page, guard }) => {
  await signUp(page);
  const add = await openDialog(page);
  const line = add.locator("#create-summary b");
  const warning = add.getByText("Nothing restricts this key.");
  await expect(line).toHaveText("No permissions chosen, never expires, any address");
  await expect(warning).toBeHidden();
  await radio(add, "Full Access").check();
  await expect(line).toHaveText("Full Access, never expires, any address");
  await expect(warning).toBeVisible();
  await expect(button(add, "Add")).toHaveAccessibleDescription(/^Full Access, never expires, any address Nothing restricts this key\./);
  await expiry(add, "90 days");
  await expect(line).toHaveText("Full Access, expires in 90 days, any address");
  await expect(warning).toBeHidden();
  await expiry(add, "On a date");
  await field(add, DATE).fill("2031-01-31");
  await field(add, ALLOWLIST).fill("203.0.113.7");
  await field(add, "Rate limit (optional)").fill("1200");
  await expect(line).toHaveText("Full Access, expires on 31 Jan 2031, 1 allowlist entry, 1,200 requests a minute");
  // What cannot be an address restricts nothing, and is no way to say that nothing restricts the key.
  guard.expectStatus(422);
  await field(add, ALLOWLIST).fill("203.0.113.7/24, ::1; 2001:db8::/48 ::ffff:198.51.100.5 somewhere 10.0.0");
  await expect(line).toContainText(", 4 allowlist entries, 2 wrong allowlist entries, ");
  await field(add, ALLOWLIST).fill("abc");
  await expect(line).toContainText(", 1 wrong allowlist entry, ");
  await radio(add, "Custom").check();
  await scopeBox(add, "account:read").check();
  await expect(line).toContainText("Custom (1 scope), ");
  // Every scope, for ever, from anywhere is as wide as Full Access.
  for (const box of await add.getByRole("checkbox").all()) await box.check();
  await field(add, ALLOWLIST).fill("");
  await expiry(add, "Never");
  await expect(line).toContainText("Custom (6 scopes), never expires, any address");
  await expect(warning).toBeVisible();
});

test.describe("in Tokyo", () => {
  test.use({ timezoneId: "Asia/Tokyo" });

  test("the end of a day is told in local time too", async ({ page }) => {
    await signUp(page);
    const add = await openDialog(page);
    const hint = add.getByText("The key works until the end of that day (23:59 UTC).");
    await expect(add.getByText("You cannot change this later.")).toBeVisible();
    await expect(hint).toBeHidden();
    await expiry(add, "On a date");
    await expect(hint).toBeVisible();
    await field(add, DATE).fill("2031-01-31");
    await expect(hint).toContainText(/your time: 1 Feb 2031, 08:59/);
  });
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("no line goes on saying what the form was loaded with", async ({ page }) => {
    await signUp(page, somebody(), false);
    await opener(page).click();
    const add = dialog(page, "Add API key");
    await radio(add, "Full Access").check();
    await expect(add.getByText("any address", { exact: false })).toBeHidden();
  });
});

test("where storage is blocked, and for a year of five digits, the script goes on", async ({ page }) => {
  await page.addInitScript(() => {
    Object.defineProperty(window, "localStorage", {
      get() {
        throw new DOMException("blocked", "SecurityError");
      },
    });
  });
  await signUp(page);
  const add = await openDialog(page);
  await field(add, "Name").fill("prod");
  await expiry(add, "On a date");
  // A field of type date takes six digits for the year.
  const on = field(add, DATE);
  await on.fill("2027-03-01");
  await expect(add.getByText(/expires on 1 Mar 2027/)).toBeVisible();
  await on.fill("12027-03-01");
  await expect(add.getByText(/expires on a date/)).toBeVisible();
});
