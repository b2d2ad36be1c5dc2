import { button, expectError, field, fillIn, PASSWORD, signUp, somebody, visit } from "../fixtures/journey";
import { expect, test } from "../fixtures/test";

test("makes an account and leads to its keys", async ({ page }) => {
  const ada = await signUp(page, somebody("Ada Moss"));
  await expect(page).toHaveTitle("API keys · Ada Moss · BabySea");
  await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
  await expect(page.getByText(ada.name).first()).toBeVisible();
});

test("says what is wrong with every field at once, and keeps what was typed", async ({ page, guard }) => {
  guard.expectStatus(422);
  await visit(page, "/sign-up");
  await expect(field(page, "Name")).toBeFocused();
  await button(page, "Create account").click();
  await expectError(field(page, "Name"), "Enter a name.");
  await expectError(field(page, "Email"), "Enter your email address.", false);
  await expectError(field(page, "Password"), "Enter a password.", false);

  await fillIn(page, { name: "Ada Moss", email: "ada at nowhere", password: PASSWORD });
  await button(page, "Create account").click();
  await expectError(field(page, "Email"), "Enter an address like name@example.com.");
  await expect(field(page, "Name")).toHaveValue("Ada Moss");
  await expect(field(page, "Name")).not.toHaveAttribute("aria-invalid");
  await expect(field(page, "Email")).toHaveValue("ada at nowhere");

  const { email } = somebody();
  for (const [password, message] of [
    ["short", "Use at least 10 characters."],
    ["1234567890", /Too easy to guess\./],
    ["a".repeat(129), "Use at most 128 characters."],
  ] as const) {
    await fillIn(page, { email, password });
    await button(page, "Create account").click();
    await expectError(field(page, "Password"), message);
  }
  await expect(field(page, "Email")).toHaveValue(email);

  await fillIn(page, { password: PASSWORD });
  await button(page, "Create account").click();
  await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
});

test("a name of one letter is too short, and one that hides something is refused", async ({ page, guard }) => {
  guard.expectStatus(422);
  await visit(page, "/sign-up");
  await fillIn(page, somebody("A"));
  await button(page, "Create account").click();
  await expectError(field(page, "Name"), "Use at least 2 characters.");
  await fillIn(page, { name: "Ada\u202EMoss" });
  await button(page, "Create account").click();
  await expectError(field(page, "Name"), 'The name has an invisible character (U+202E) after "Ada". Delete it.');
});

test("an address that has an account is sent to sign in", async ({ page, browser, baseURL, guard }) => {
  const other = await browser.newContext({ baseURL });
  await guard.watch(other);
  const ada = await signUp(await other.newPage());
  await other.close();

  guard.expectStatus(422);
  await visit(page, "/sign-up");
  await fillIn(page, ada);
  await button(page, "Create account").click();
  await expectError(field(page, "Email"), "An account with this email already exists. Sign in instead.");
  await page.getByRole("link", { name: "Sign in" }).click();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
});
