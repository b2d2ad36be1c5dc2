import {
  button, copyKey, CREATE, createKey, dialog, expectError, expectGone, field, fillKey, finish, isModal, keep, KEY, KEYS_PAGE,
  openDialog, opener, PRESETS, radio, row, secretField, sendKey, signIn, signUp, visit,
} from "../fixtures/journey";
import { secrets } from "../fixtures/server";
import { expect, test, type Locator, type Page } from "../fixtures/test";

const WARNING = "You can only see this key once. Store it safely.";
const SCOPED = { "Full Access": 200, "Generate Only": 403, "Read Only": 200, "Monitor Only": 403 } as const;
const hidden = (secret: string) => secret.slice(0, 9) + "•".repeat(33);

for (const preset of PRESETS) {
  test(`${preset}: made, shown, kept, used`, async ({ page, request }) => {
    await signUp(page);
    const { view, secret } = await createKey(page, "prod-api-worker", preset);
    expect(secret).toMatch(KEY);
    await expect(view.getByText(WARNING)).toBeVisible();
    await expect(view.getByText(preset)).toBeVisible();
    await expect(copyKey(view)).toBeFocused();

    await expect(secretField(view)).toHaveValue(hidden(secret));
    await button(view, "Show value").click();
    await expect(secretField(view)).toHaveValue(secret);
    await button(view, "Hide value").click();
    await expect(secretField(view)).toHaveValue(hidden(secret));
    await expect(button(view, "Show value")).toBeVisible();

    await finish(page, view);
    await expect(row(page, "prod-api-worker")).toBeFocused();
    await expect(row(page, "prod-api-worker").getByRole("cell")).toHaveText([
      `${secret.slice(0, 9)}...`, "NeverSecret lost? Reissue", /^(just now|\d+ seconds ago)/, "Active", "Any address", "",
    ]);
    await expect(row(page, "prod-api-worker").getByRole("rowheader")).toContainText(preset);
    await expectGone(page, secret);

    const ask = (key?: string) => request.get("/v1/status", { headers: key ? { Authorization: `Bearer ${key}` } : {} });
    const answer = await ask(secret);
    const body = await answer.json();
    expect(answer.status()).toBe(SCOPED[preset]);
    if (answer.ok()) {
      expect(body).toMatchObject({ status: "success", message: "API connected successfully" });
      expect(body.data).toEqual({
        account_id: expect.any(String),
        apikey_id: expect.any(String),
        apikey_name: "prod-api-worker",
        apikey_prefix: secret.slice(0, 9),
        apikey_created_at: expect.stringMatching(/Z$/),
        apikey_last_used_at: body.timestamp,
        apikey_expires_at: null,
      });
      // Uses are written down a little later than they are answered.
      await expect(async () => {
        await page.reload();
        await expect(row(page, "prod-api-worker").getByRole("cell").nth(1)).toHaveText(/^just now/, { timeout: 100 });
      }).toPass({ timeout: 8_000 });
    } else {
      expect(body.error).toMatchObject({ code: "BSE1003", type: "insufficient_permissions", retryable: false });
    }

    const other = secret.slice(0, 20) + (secret[20] === "x" ? "y" : "x") + secret.slice(21);
    for (const [key, code] of [[undefined, "BSE1001"], [other, "BSE1002"]] as const) {
      const refused = await ask(key);
      expect(refused.status()).toBe(401);
      expect((await refused.json()).error.code).toBe(code);
    }
  });
}

test("Copy puts the key into the clipboard", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signUp(page);
  const { view, secret } = await createKey(page, "copied");
  await copyKey(view).click();
  await expect(view.getByRole("status").first()).toHaveText("Copied.");
  await expect(secretField(view)).toHaveValue(hidden(secret));

  // The page itself may not read the clipboard (Permissions-Policy); people paste.
  const elsewhere = await context.newPage();
  await elsewhere.setContent("<label>Paste here <input></label>");
  await elsewhere.getByLabel("Paste here").focus();
  await elsewhere.keyboard.press("ControlOrMeta+V");
  await expect(elsewhere.getByLabel("Paste here")).toHaveValue(secret);
  await elsewhere.close();

  // Copied is kept: nothing asks.
  await page.bringToFront();
  await page.keyboard.press("Escape");
  await page.waitForURL(/created=/);
  await expect(row(page, "copied")).toBeFocused();
  await expectGone(page, secret);
});

const spoilers: Record<string, () => void> = {
  refuses: () => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  },
  "is missing": () => void Object.defineProperty(Navigator.prototype, "clipboard", { get: () => undefined }),
};
for (const [how, spoil] of Object.entries(spoilers)) {
  test(`Copy selects the key when the clipboard ${how}`, async ({ page }) => {
    await page.addInitScript(spoil);
    await signUp(page);
    const { view, secret } = await createKey(page, "by hand");
    await copyKey(view).click();
    await expect(view.getByRole("status").first()).toContainText("The key is selected: press Ctrl+C");
    await expect(secretField(view)).toBeFocused();
    await expect(secretField(view)).toHaveValue(secret);
    await expect.poll(() => secretField(view).evaluate((element: HTMLTextAreaElement) =>
      element.value.slice(element.selectionStart, element.selectionEnd))).toBe(secret);
    await finish(page, view);
  });
}

test.describe("what is wrong is said at the field, and nothing typed is lost", () => {
  let add: Locator;

  test.beforeEach(async ({ page, guard }) => {
    await signUp(page);
    guard.expectStatus(422);
    add = await openDialog(page);
  });

  test("nothing filled in", async () => {
    await button(add, "Add").click();
    await expectError(field(add, "Name"), "Enter a name.");
    await expectError(add.getByRole("radiogroup", { name: "Permissions" }), "Choose permissions.", false);
  });

  test("no name", async () => {
    await radio(add, "Read Only").check();
    await field(add, "Name").fill("   ");
    await button(add, "Add").click();
    await expectError(field(add, "Name"), "Enter a name.");
    await expect(radio(add, "Read Only")).toBeChecked();
  });

  test("no preset", async ({ page }) => {
    await field(add, "Name").fill("dev-frontend");
    await button(add, "Add").click();
    await expectError(add.getByRole("radiogroup", { name: "Permissions" }), "Choose permissions.", false);
    await expect(radio(add, "Full Access")).toBeFocused();
    await expect(field(add, "Name")).toHaveValue("dev-frontend");
    await expect(field(add, "Name")).not.toHaveAttribute("aria-invalid");
    // What was corrected is no longer called wrong.
    await radio(add, "Monitor Only").check();
    const { view } = await sendKey(page, () => button(add, "Add").click());
    await button(view, "Show value").click();
    await finish(page, view);
    await expect(row(page, "dev-frontend")).toBeFocused();
  });

  test("101 characters", async () => {
    await fillKey(add, "n".repeat(101), "Generate Only");
    await button(add, "Add").click();
    await expectError(field(add, "Name"), "Use at most 100 characters; this name has 101.");
    await expect(field(add, "Name")).toHaveValue("n".repeat(101));
    await expect(radio(add, "Generate Only")).toBeChecked();
  });

  for (const [character, code] of [["\u0007", "U+0007"], ["\u202E", "U+202E"], ["\u200B", "U+200B"]]) {
    test(`the character ${code}`, async () => {
      await fillKey(add, `a${character}b`);
      await button(add, "Add").click();
      await expectError(field(add, "Name"), `The name has an invisible character (${code}) after "a". Delete it.`);
      await expect(field(add, "Name")).toHaveValue(`a${character}b`);
      await expect(radio(add, "Full Access")).toBeChecked();
    });
  }
});

test("Cancel and Escape drop what was typed, and the focus returns", async ({ page, guard }) => {
  await signUp(page);
  guard.expectStatus(422);
  for (const leave of [() => button(page, "Cancel").click(), () => page.keyboard.press("Escape")]) {
    const add = await openDialog(page);
    await expect(field(add, "Name")).toBeFocused();
    await expect(field(add, "Name")).toHaveValue("");
    await expect(field(add, "Name")).not.toHaveAttribute("aria-invalid");
    await button(add, "Add").click();
    await expectError(field(add, "Name"), "Enter a name.");
    await field(add, "Name").fill("typed");
    await radio(add, "Read Only").check();
    await leave();
    await expect(add).toBeHidden();
    await expect(opener(page)).toBeFocused();
  }
  const again = await openDialog(page);
  await expect(radio(again, "Read Only")).not.toBeChecked();
  await expect(field(again, "Name")).toHaveValue("");
  await expect(again.getByText("Enter a name.")).toBeHidden();
});

test("Escape is ignored while Add is on its way", async ({ page }) => {
  await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "patient");
  let go = () => {};
  const held = new Promise<void>((resolve) => (go = resolve));
  await page.route(CREATE, async (route) => {
    await held;
    await route.continue();
  });
  const { view } = await sendKey(page, async () => {
    await button(add, "Add").click();
    for (let n = 0; n < 3; n += 1) await page.keyboard.press("Escape");
    await expect(add).toBeVisible();
    await expect(button(add, "Add")).toHaveAttribute("aria-busy", "true");
    go();
  });
  await button(view, "Show value").click();
  await finish(page, view);
});

test("the address with the dialog open opens it as a modal one", async ({ page }) => {
  await signUp(page);
  await visit(page, `${page.url()}?dialog=create`);
  const add = dialog(page, "Add API key");
  await expect.poll(() => isModal(add)).toBe(true);
  await button(add, "Cancel").click();
  await expect(add).toBeHidden();
  // Nothing behind it stayed out of reach.
  await openDialog(page);
});

test("a double click on Add makes one key", async ({ page }) => {
  await signUp(page);
  let sent = 0;
  page.on("request", (request) => (sent += Number(CREATE.test(request.url()))));
  const add = await openDialog(page);
  await fillKey(add, "twice");
  const { view } = await sendKey(page, () => button(add, "Add").dblclick());
  await button(view, "Show value").click();
  await finish(page, view);
  expect(sent).toBe(1);
  await expect(row(page, "twice")).toHaveCount(1);
});

test("signed out meanwhile, the form says so and keeps what was typed", async ({ page, context, guard }) => {
  const ada = await signUp(page);
  const add = await openDialog(page);
  await fillKey(add, "too late");
  await context.clearCookies();
  guard.expectStatus(401);
  await button(add, "Add").click();
  await expect(add.getByRole("alert")).toContainText("Your session has ended.");
  await expect(field(add, "Name")).toHaveValue("too late");
  const opened = page.waitForEvent("popup");
  await add.getByRole("link", { name: "Sign in" }).click();
  const tab = await opened;
  await signIn(tab, ada);
  await tab.waitForURL(KEYS_PAGE);
  await tab.close();
  const { view } = await sendKey(page, () => button(add, "Add").click());
  await button(view, "Show value").click();
  await finish(page, view);
  await expect(row(page, "too late")).toHaveCount(1);
});

test("while the browser is too busy for the scripts, the forms work without them", async ({ page }) => {
  await page.addInitScript(() => void (window.requestIdleCallback = () => 0));
  await signUp(page, undefined, false);
  await opener(page).click();
  await expect(page).toHaveURL(/dialog=create/);
  const add = dialog(page, "Add API key");
  await fillKey(add, "early");
  await button(add, "Add").click();
  const view = dialog(page, "View API key");
  const secret = await secretField(view).inputValue();
  secrets.add(secret);
  expect(secret).toMatch(KEY);
  await button(view, "Done").click();
  await expect(row(page, "early")).toBeFocused();
  await expectGone(page, secret);
});

test.describe("the table", () => {
  const overflow = (page: Page) =>
    page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  test("without keys says what they are for", async ({ page }) => {
    await signUp(page);
    await expect(page.getByRole("heading", { name: "No data available" })).toBeVisible();
    await expect(
      page.getByText("Generate API keys to authenticate requests and start generating contents."),
    ).toBeVisible();
    await expect(page.getByRole("table")).toHaveCount(0);
    // One button, in the empty table.
    await expect(button(page, "Create API key")).toHaveCount(1);
    await button(page, "Create API key").click();
    await expect(dialog(page, "Add API key")).toBeVisible();
  });

  test("has its columns in the vendor's order, the newest key first, and exact times", async ({ page }) => {
    await signUp(page);
    await keep(page, "first");
    await keep(page, "second", "Read Only");
    await expect(page.getByRole("columnheader")).toHaveText([
      "API name", "Prefix", "Last used", "Created", "Status", "IP allowlist", "Actions",
    ]);
    await expect(page.getByRole("rowheader")).toHaveText(["secondRead Only", "firstFull Access"]);
    const created = row(page, "first").getByRole("time");
    await expect(created).toHaveAttribute("title", /UTC/);
    await expect(created).toHaveAttribute("datetime", /^\d{4}-\d\d-\d\dT.*Z$/);
  });

  test("shows any name as text, at any width", async ({ page }) => {
    await signUp(page);
    const names = [
      "界".repeat(100),
      "W".repeat(100),
      "مفتاح الإنتاج الرئيسي",
      `<img src=x onerror="alert(1)"><b>bold</b>`,
      "<script>alert(1)</script>&amp;",
    ];
    for (const name of names) {
      const { view } = await createKey(page, name);
      await expect(view.getByText(name, { exact: true })).toBeVisible();
      await button(view, "Show value").click();
      await finish(page, view);
      await expect(row(page, name)).toBeFocused();
    }
    for (const width of [1280, 360]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await overflow(page), `sideways at ${width}`).toBeLessThanOrEqual(0);
      for (const name of names) {
        const cell = page.getByRole("rowheader").getByText(name, { exact: true });
        await expect(cell).toBeVisible();
        const box = await cell.boundingBox();
        expect(box!.x).toBeGreaterThanOrEqual(0);
        expect(box!.x + box!.width).toBeLessThanOrEqual(width);
      }
    }
  });

  test("dialogs fit a narrow page", async ({ page }) => {
    await page.setViewportSize({ width: 360, height: 640 });
    await signUp(page);
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    const { view } = await createKey(page, "W".repeat(100));
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (const name of ["Show value", "Done"]) await expect(button(view, name)).toBeInViewport({ ratio: 1 });
    await expect(copyKey(view)).toBeInViewport({ ratio: 1 });
    await expect(secretField(view)).toBeInViewport({ ratio: 1 });
  });
});
