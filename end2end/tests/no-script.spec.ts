import {
  button, dialog, expectError, expectGone, field, fillIn, fillKey, KEY, KEYS_PAGE, opener, PASSWORD, PRESETS, radio,
  row, readPlainly, secretField, signUp, somebody,
} from "../fixtures/journey";
import { makeKey } from "../fixtures/keys";
import { expect, test, type Locator, type Page } from "../fixtures/test";

test.use({ javaScriptEnabled: false });

const start = (page: Page) => signUp(page, somebody(), false);

async function openDialog(page: Page): Promise<Locator> {
  await opener(page).click();
  await expect(page).toHaveURL(/\?dialog=create$/);
  const add = dialog(page, "Add API key");
  await expect(add).toBeVisible();
  return add;
}

async function createKey(page: Page, name: string, preset: (typeof PRESETS)[number]) {
  const add = await openDialog(page);
  await fillKey(add, name, preset);
  await button(add, "Add").click();
  const view = dialog(page, "View API key");
  await expect(view).toBeVisible();
  const secret = await readPlainly(view);
  return { view, secret };
}

test("signing up with errors is answered with the form, then works", async ({ page, guard }) => {
  guard.expectStatus(422);
  await page.goto("/sign-up");
  const { email } = somebody();
  await fillIn(page, { name: "A", email: "ada at home", password: PASSWORD });
  const answered = page.waitForResponse((answer) => answer.request().method() === "POST");
  await button(page, "Create account").click();
  expect((await answered).status()).toBe(422);
  await expectError(field(page, "Name"), "Use at least 2 characters.");
  await expectError(field(page, "Email"), "Enter an address like name@example.com.", false);
  await expect(field(page, "Name")).toHaveValue("A");
  await expect(field(page, "Email")).toHaveValue("ada at home");
  await expect(field(page, "Password")).toHaveValue("");

  await fillIn(page, { name: "Ada Moss", email, password: "0123456789" });
  await button(page, "Create account").click();
  await expectError(field(page, "Password"), /Too easy to guess\./);
  await expect(field(page, "Email")).toHaveValue(email);

  await fillIn(page, { password: PASSWORD });
  await button(page, "Create account").click();
  await expect(page).toHaveURL(KEYS_PAGE);
  await expect(page.getByRole("heading", { name: "No data available" })).toBeVisible();
});

test("signs in, out, and back to the page asked for", async ({ page, guard }) => {
  const ada = await start(page);
  const home = page.url();
  await button(page, "Sign out").click();
  await expect(page).toHaveURL("/sign-in");
  await page.goto(`${home}?dialog=create`);
  await expect(page).toHaveURL(/\/sign-in\?next=/);

  guard.expectStatus(422);
  await fillIn(page, { email: ada.email, password: "not this one" });
  await button(page, "Sign in").click();
  await expect(page.getByRole("alert")).toHaveText("Email and password do not match an account.");
  await expect(field(page, "Email")).toHaveValue(ada.email);
  await expect(field(page, "Password")).toHaveValue("");

  await fillIn(page, { password: ada.password });
  await button(page, "Sign in").click();
  await expect(page).toHaveURL(`${home}?dialog=create`);
  await expect(dialog(page, "Add API key")).toBeVisible();
});

test("the dialog opens, keeps the page behind it out of reach, and closes", async ({ page }) => {
  await start(page);
  const add = await openDialog(page);
  await expect(field(add, "Name")).toBeFocused();
  // Nothing behind the dialog takes the focus.
  for (let n = 0; n < 12; n += 1) {
    await page.keyboard.press("Tab");
    await expect(page.getByRole("link", { name: "API keys" }).and(page.locator(":focus"))).toHaveCount(0);
    await expect(button(page, "Sign out").and(page.locator(":focus"))).toHaveCount(0);
  }
  await button(add, "Cancel").click();
  await expect(add).toBeHidden();
  await expect(page).toHaveURL(/\/api-keys\??$/);
});

test("what is wrong with a key is said at its field", async ({ page, guard }) => {
  guard.expectStatus(422);
  await start(page);
  const add = await openDialog(page);
  await button(add, "Add").click();
  await expectError(field(add, "Name"), "Enter a name.");
  await expectError(add.getByRole("radiogroup", { name: "Permissions" }), "Choose permissions.", false);

  await field(add, "Name").fill("dev-frontend");
  await button(add, "Add").click();
  await expectError(add.getByRole("radiogroup", { name: "Permissions" }), "Choose permissions.", false);
  await expect(field(add, "Name")).toHaveValue("dev-frontend");
  await expect.soft(radio(add, "Full Access")).toBeFocused();

  await fillKey(add, "n".repeat(101), "Generate Only");
  await button(add, "Add").click();
  await expectError(field(add, "Name"), "Use at most 100 characters; this name has 101.");
  await expect(field(add, "Name")).toHaveValue("n".repeat(101));
  await expect(radio(add, "Generate Only")).toBeChecked();

  await field(add, "Name").fill("a\u202Eb");
  await button(add, "Add").click();
  await expectError(field(add, "Name"), 'The name has an invisible character (U+202E) after "a". Delete it.');
});

for (const preset of PRESETS) {
  test(`${preset}: the key is readable once`, async ({ page, request }) => {
    await start(page);
    const { view, secret } = await createKey(page, "<b>by hand</b>", preset);
    expect(secret).toMatch(KEY);
    await expect(view.getByText("You can only see this key once. Store it safely.")).toBeVisible();
    await expect(view.getByText("<b>by hand</b>", { exact: true })).toBeVisible();
    await expect(secretField(view)).toHaveValue(secret);
    const answer = await request.get("/v1/status", { headers: { Authorization: `Bearer ${secret}` } });
    expect(answer.status()).toBe(["Full Access", "Read Only"].includes(preset) ? 200 : 403);

    await button(view, "Done").click();
    await expect(page).toHaveURL(/created=/);
    await expect(row(page, "<b>by hand</b>")).toBeFocused();
    await expect(row(page, "<b>by hand</b>")).toHaveCount(1);
    await expect(page.getByRole("dialog")).toBeHidden();
    await expectGone(page, secret);
  });
}

test("a reload sends the form again: it says so, and shows no secret", async ({ page, guard }) => {
  await start(page);
  const { secret } = await createKey(page, "reloaded", "Full Access");
  guard.expectStatus(409);
  await page.reload();
  const told = dialog(page, "This form was sent already");
  await expect(told).toBeVisible();
  await expectGone(page, secret);
  await button(told, "Done").click();
  await expect(row(page, "reloaded")).toHaveCount(1);
  await expect(page.getByRole("dialog")).toBeHidden();
});

test("Back does not show the key again", async ({ page, guard }) => {
  await start(page);
  const { view, secret } = await createKey(page, "behind", "Full Access");
  await button(view, "Done").click();
  await expect(row(page, "behind")).toBeFocused();
  // The browser keeps no answer to a form: in its place it shows a page of its own, which offers to send it again.
  guard.expectFailure(/api-keys/);
  await expect(page.goBack()).rejects.toThrow("ERR_CACHE_MISS");
  await expect(page).toHaveURL(/^chrome-error:/);
  await expectGone(page, secret);
});

test("what only scripts can do is not offered", async ({ page }) => {
  await start(page);
  const add = await openDialog(page);
  await expect(add.getByText("Your current IP is 127.0.0.1")).toBeVisible();
  await expect(button(add, "Add it")).toBeHidden();
  await expect(add.getByRole("listitem")).toHaveCount(0);
  const about = page.waitForEvent("popup");
  await add.getByRole("link", { name: "Scopes and routes" }).click();
  await expect((await about).getByRole("heading", { name: "Scopes", level: 1 })).toBeVisible();
  await expect(add).toBeVisible();
});

test("the button of a row leads to the page of its key, which has all actions", async ({ page }) => {
  await start(page);
  await makeKey(page, "first");
  await page.reload();
  await expect(page.getByRole("menu")).toHaveCount(0);
  await expect(page.getByRole("checkbox", { name: /^Select all/ })).toHaveCount(0);
  await page.getByRole("link", { name: "Actions for first" }).click();
  await expect(page.getByRole("heading", { name: "first", level: 1 })).toBeVisible();
  for (const action of ["Rotate", "Reissue secret", "Revoke", "Delete"]) await expect(button(page, action)).toBeVisible();
});

test("rows are selected, and the bar asks about them", async ({ page }) => {
  await start(page);
  for (const name of ["first", "second"]) await makeKey(page, name);
  await page.reload();
  const bar = page.getByRole("form", { name: "Selected keys" });
  await expect(bar).toBeHidden();
  for (const name of ["first", "second"]) await page.getByRole("checkbox", { name: `Select ${name}` }).check();
  await expect(bar).toBeVisible();
  await button(bar, "Revoke selected").click();
  await expect(dialog(page, "Revoke API keys")).toBeVisible();
});
