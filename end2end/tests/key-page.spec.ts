// The page of a key: its two columns, its long lists, what it says of a key that has ended, another key like it.

import { a11y } from "../fixtures/a11y";
import { button, dialog, field, hydrated, isModal, radio, row, sendKey, sideways, signUp, somebody } from "../fixtures/journey";
import { makeKey, postForm, slugOf } from "../fixtures/keys";
import { inSampleTeam } from "../fixtures/sample";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const region = (page: Page, name: string) => page.getByRole("region", { name, exact: true });
const addresses = (count: number) => Array.from({ length: count }, (_, n) => `198.51.100.${n + 1}`);

async function open(page: Page, name: string): Promise<void> {
  await page.goto(`/home/${slugOf(page)}/api-keys`);
  await page.getByRole("link", { name, exact: true }).click();
  await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
}

/** Space between a panel and the one below it in its column. */
async function gaps(panels: Locator[]): Promise<number[]> {
  const boxes = await Promise.all(panels.map(async (panel) => (await panel.boundingBox())!));
  return boxes.slice(1).map((box, n) => Math.round(box.y - boxes[n]!.y - boxes[n]!.height));
}

for (const scripts of [true, false]) {
  test.describe(scripts ? "with scripts:" : "without scripts:", () => {
    test.use({ javaScriptEnabled: scripts });

    test("the columns have no holes, whatever the lists hold", async ({ page }) => {
      await signUp(page, somebody(), scripts);
      for (const [name, count] of [["none", 0], ["six", 6], ["eleven", 11], ["fifty", 50]] as const) {
        await makeKey(page, name, { allowlist: addresses(count).join(" ") });
      }
      for (const [name, count] of [["none", 0], ["six", 6], ["eleven", 11], ["fifty", 50]] as const) {
        await open(page, name);
        const list = region(page, "IP allowlist");
        const entries = list.getByRole("listitem").filter({ visible: true });
        const more = list.getByText(`Show all ${count}`, { exact: true });
        if (count === 0) await expect(list).toContainText("Any address");
        await expect(entries).toHaveCount(Math.min(count, 6));
        await expect(more).toHaveCount(count > 6 ? 1 : 0);
        const side = ["About", "IP allowlist", "Scopes"].map((title) => region(page, title));
        const main = ["Requests in the last 30 days", "Last requests", "Activity"].map((title) => region(page, title));
        expect(await gaps(side), name).toEqual([16, 16]);
        expect(await gaps(main), name).toEqual([16, 16]);
        // Both begin at the same height.
        const tops = await Promise.all([side[0]!, main[0]!].map(async (panel) => (await panel.boundingBox())!.y));
        expect(tops[0]).toBe(tops[1]);
        await expect(region(page, "Rotations")).toHaveCount(0);
        if (count <= 6) continue;
        await more.click();
        await expect(entries).toHaveCount(count);
        await expect(list.getByText("Show the first 6")).toBeVisible();
        // Opened, it moves what is below it in its own column and nothing else.
        expect(await gaps(side), name).toEqual([16, 16]);
        expect(await gaps(main), name).toEqual([16, 16]);
      }
      // The routes of a scope are one step away.
      const calls = region(page, "Scopes");
      await expect(calls.getByText("GET /v1/status")).toBeHidden();
      await calls.getByText("account:read").click();
      await expect(calls.getByText("GET /v1/status")).toBeVisible();
    });

    test("another key like it begins with its terms and returns to its page", async ({ page }) => {
      await signUp(page, somebody(), scripts);
      await makeKey(page, "pröd", { preset: "read_only", allowlist: "203.0.113.0/24, ::1", expires: "30" });
      await open(page, "pröd");
      const at = page.url();
      const openForm = async () => {
        if (scripts) await hydrated(page);
        await page.getByRole("form", { name: "Actions" }).getByRole("button", { name: "Create another like this" }).click();
        const add = dialog(page, "Add API key");
        await expect(add.getByText("Same settings as pröd.")).toBeVisible();
        return add;
      };
      let add = await openForm();
      await expect(field(add, "Name")).toHaveValue("");
      await expect(radio(add, "Read Only")).toBeChecked();
      await expect(field(add, "Expires")).toHaveValue("30");
      await expect(field(add, "IP allowlist (optional)")).toHaveValue("203.0.113.0/24, ::1");
      if (scripts) {
        await expect.poll(() => isModal(add)).toBe(true);
        await expect(field(add, "Name")).toBeFocused();
      }
      await button(add, "Cancel").click();
      await expect(page).toHaveURL(new RegExp(`^${at}\\??$`));
      await expect(add).toBeHidden();

      add = await openForm();
      await field(add, "Name").fill("pröd 2");
      let view = dialog(page, "View API key");
      if (scripts) {
        ({ view } = await sendKey(page, () => button(add, "Add").click()));
        await button(view, "Show value").click();
      } else {
        await button(add, "Add").click();
        secrets.add(await field(view, "API key").inputValue());
      }
      await expect(view).toContainText(/pröd 2 · Read Only · expires /);
      // The page of the old key does not show the new one: the list does.
      await button(view, "Done").click();
      await page.waitForURL(/\/api-keys\?created=/);
      await expect(row(page, "pröd 2")).toBeFocused();
    });
  });
}

test("what changed in another tab is said on the page of the key, and leads back to it", async ({ page, guard }) => {
  await signUp(page);
  const account = slugOf(page);
  for (const name of ["opened", "sent", "gone"]) await makeKey(page, name);
  const idHere = () => /[^/#?]+$/.exec(new URL(page.url()).pathname)![0];
  const post = async (what: string, fields: Record<string, string>) =>
    expect((await postForm(page, `/api/keys/${what}`, { account, ...fields })).status()).toBe(200);
  const act = (item: string) => page.getByRole("form", { name: "Actions" }).getByRole("button", { name: item, exact: true }).click();
  const expectTold = async (told: Locator, sentence: string, back: string) => {
    await expect(told).toHaveAccessibleDescription(sentence);
    await expect(told.getByRole("button")).toHaveText([back]);
    await expect(button(told, back)).toBeFocused();
  };
  guard.expectStatus(409, 404);

  await open(page, "opened");
  await hydrated(page);
  const at = page.url();
  await post("revoke", { "keys[]": idHere() });
  await act("Rotate");
  await expectTold(dialog(page, "Rotate API key"), "This key was revoked in the meantime.", "Back to the key");
  await page.keyboard.press("Escape");
  await expect(page.getByText("This key was revoked and cannot be restored.")).toBeVisible();
  await expect(page).toHaveURL(new RegExp(`^${at}\\??$`));
  await expect(page.getByRole("dialog")).toHaveCount(0);

  // The same when the form is sent.
  await open(page, "sent");
  await hydrated(page);
  const [there, before] = [page.url(), await page.evaluate(() => history.length)];
  await act("Revoke");
  const revoke = dialog(page, "Revoke API key");
  await expect(revoke.locator("form[method=post]")).toHaveCount(1);
  await post("revoke", { "keys[]": idHere() });
  await button(revoke, "Revoke key").click();
  await expectTold(revoke, "This key was revoked in the meantime.", "Back to the key");
  await button(revoke, "Back to the key").click();
  await expect(page.getByText("This key was revoked and cannot be restored.")).toBeVisible();
  await expect(page).toHaveURL(there);
  expect(await page.evaluate(() => history.length)).toBe(before);

  // A key that is gone has no page.
  await open(page, "gone");
  await hydrated(page);
  await post("delete", { "keys[]": idHere(), confirm: "gone" });
  await act("Delete");
  await expectTold(dialog(page, "Delete API key"), "This key was deleted in the meantime.", "Back to the keys");
  await button(page, "Back to the keys").click();
  await expect(page).toHaveURL(`/home/${account}/api-keys`);
  await expect(page.getByRole("link", { name: "gone", exact: true })).toHaveCount(0);
});

/** Copies the id of the key whose page is open, and pastes it elsewhere. */
async function copiesItsId(page: Page): Promise<void> {
  const context = page.context();
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await hydrated(page);
  await button(region(page, "About"), "Copy").click();
  await expect(button(region(page, "About"), "Copied")).toBeVisible();
  const elsewhere = await context.newPage();
  await elsewhere.setContent("<label>Paste here <textarea></textarea></label>");
  await field(elsewhere, "Paste here").focus();
  await elsewhere.keyboard.press("ControlOrMeta+V");
  await expect(field(elsewhere, "Paste here")).toHaveValue(/[^/]+$/.exec(page.url())![0]);
  await elsewhere.close();
}

test("the id is copied", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod");
  await open(page, "prod");
  await copiesItsId(page);
});

test("of a key that has ended or was not used for long: what a member reads of it, and the id to copy", async ({ browser, guard }) => {
  await inSampleTeam(browser, guard, async (page) => {
    await open(page, "staging-monitor");
    await expect(page.getByText("This key has expired. Its requests get 401.", { exact: true })).toBeVisible();
    for (const name of ["staging-monitor", "nightly-export"]) {
      await open(page, name);
      const requests = region(page, "Last requests");
      await expect(requests).toContainText("No requests in the last 30 days. Older requests are not kept.");
      await expect(region(page, "Requests in the last 30 days")).toContainText("No requests in the last 30 days.");
    }
    await copiesItsId(page);
  });
});

test("a key that has ended says so, and what to go on with", async ({ page }) => {
  await signUp(page);
  const account = slugOf(page);
  await makeKey(page, "over");
  await open(page, "over");
  await expect(page.getByText("Its requests get 401.")).toHaveCount(0);
  await expect(region(page, "About")).toContainText("ExpiresNever");
  await expect(region(page, "About")).toContainText("Uses the account limit");
  await expect(region(page, "Last requests")).toContainText("No requests yet.");
  const id = /[^/]+$/.exec(page.url())![0];
  const post = (path: string, fields: Record<string, string>) =>
    page.request.post(path, { form: { account, ...fields }, headers: { Origin: new URL(page.url()).origin } });
  expect((await post("/api/keys/rotate", { key: id, grace: "24", form_token: "a1" })).status()).toBe(200);
  await page.reload();
  await expect(page.getByText(/^This key was rotated and keeps working until it expires\. Replaced by bye_/)).toBeVisible();
  await expect(region(page, "Rotations").getByRole("listitem")).toHaveCount(2);
  expect((await post("/api/keys/revoke", { "keys[]": id })).status()).toBe(200);
  await page.reload();
  await expect(page.getByText(/^This key was revoked and cannot be restored\. Its requests get 401\. Replaced by bye_/)).toBeVisible();
  await expect(region(page, "About")).not.toContainText("Expires");
  await page.getByText("Replaced by").getByRole("link").click();
  await expect(page.getByText("This key was revoked")).toHaveCount(0);
  await expect(region(page, "Rotations").getByRole("listitem").nth(0)).toHaveAttribute("aria-current", "true");
  await expect(region(page, "Rotations").getByRole("link")).toHaveCount(1);
});

test.describe("on a phone", () => {
  test.use({ viewport: { width: 360, height: 740 } });

  test("the chart and the facts come before the tables, and the actions are in tidy rows", async ({ page }) => {
    await signUp(page);
    await makeKey(page, "W".repeat(100), { allowlist: addresses(11).join(",") });
    await makeKey(page, "مفتاح الإنتاج");
    for (const name of ["W".repeat(100), "مفتاح الإنتاج"]) {
      await open(page, name);
      expect(await sideways(page), name).toBe(0);
      const order = await page.getByRole("region").evaluateAll((all) =>
        all.map((one) => [one.getBoundingClientRect().top, document.getElementById(one.getAttribute("aria-labelledby")!)!.textContent] as const)
          .sort((one, other) => one[0] - other[0]).map(([, title]) => title),
      );
      expect(order).toEqual(["Requests in the last 30 days", "About", "IP allowlist", "Scopes", "Last requests", "Activity"]);
      const tops = await Promise.all(
        ["Rotate", "Revoke", "Delete"].map(async (action) => (await button(page, action).boundingBox())!),
      );
      expect(new Set(tops.map(({ y }) => y)).size, "one row").toBe(1);
      expect(new Set(tops.map(({ width }) => Math.round(width))).size, "of equal buttons").toBe(1);
      await a11y(page, name);
    }
  });
});
