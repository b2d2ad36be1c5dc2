import { button, field, hydrated, KEYS_PAGE, opener, signIn, signUp, somebody, visit } from "../fixtures/journey";
import { expect, test } from "../fixtures/test";

test("signed out, the old page asks to sign in and comes back afterwards", async ({ page }) => {
  const ada = await signUp(page);
  const home = page.url();
  await button(page, "Sign out").click();
  await expect(page).toHaveURL("/sign-in");

  // Neither Back nor the address show the page any more.
  await page.goBack();
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  const asked = `${home}?dialog=create`;
  await page.goto(asked);
  await expect(page).toHaveURL(`/sign-in?next=${encodeURIComponent(asked.replace(new URL(asked).origin, ""))}`);
  await hydrated(page);
  await signIn(page, { email: ada.email.toUpperCase(), password: ada.password });
  // Once the dialog is open, the address is that of the list.
  await expect(page.getByRole("dialog", { name: "Add API key" })).toBeVisible();
  await expect(page).toHaveURL(home);
});

test("without a page asked for, leads to the keys; the front page does so too", async ({ page, baseURL }) => {
  await page.goto("/");
  await expect(page).toHaveURL("/sign-in");
  const ada = await signUp(page);
  const home = page.url();
  await page.goto("/");
  await expect(page).toHaveURL(home);
  await button(page, "Sign out").click();
  await visit(page, "/sign-in");
  await signIn(page, ada);
  await expect(page).toHaveURL(home);
  await hydrated(page);
  await expect(opener(page)).toBeVisible();

  // A page elsewhere is not gone to.
  await button(page, "Sign out").click();
  await visit(page, `/sign-in?next=${encodeURIComponent("https://example.com/home/x")}`);
  await signIn(page, ada);
  await expect(page).toHaveURL(home);
  expect(new URL(page.url()).origin).toBe(baseURL);
});

test("a wrong password and an unknown address get one answer, and the address stays", async ({ page, guard }) => {
  const ada = await signUp(page);
  await button(page, "Sign out").click();
  await hydrated(page);
  guard.expectStatus(422);
  for (const wrong of [
    { email: ada.email, password: "not this one" },
    { email: somebody().email, password: ada.password },
    { email: "", password: "" },
  ]) {
    await signIn(page, wrong);
    await expect(page.getByRole("alert")).toHaveText("Email and password do not match an account.");
    await expect(button(page, "Sign in")).not.toHaveAttribute("aria-busy");
    await expect(field(page, "Email")).toHaveValue(wrong.email);
    await expect(field(page, wrong.email ? "Password" : "Email")).toBeFocused();
    await visit(page, "/sign-in");
  }
  await signIn(page, ada);
  await expect(page).toHaveURL(KEYS_PAGE);
});

test("after a refused form, Back and Reload ask nothing", async ({ page, guard }) => {
  const ada = await signUp(page);
  const asked = `${new URL(page.url()).pathname.replace("api-keys", "scopes")}`;
  await button(page, "Sign out").click();
  guard.expectStatus(422);
  const heading = (name: string) => expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
  const refused = () => expect(page.getByRole("alert")).toHaveText("Email and password do not match an account.");
  await visit(page, asked);
  await signIn(page, { ...ada, password: "not this one" });
  await refused();
  // The page that was asked for is still known.
  await page.reload();
  await heading("Sign in");
  await expect(page.getByRole("alert")).toHaveCount(0);
  await signIn(page, { ...ada, password: "nor this one" });
  await refused();
  await signIn(page, ada);
  await heading("Scopes");
  const posts: string[] = [];
  page.on("request", (request) => request.method() === "POST" && posts.push(request.url()));
  await page.goBack();
  await heading("Sign in");
  await page.goForward();
  await heading("Scopes");
  expect(posts).toEqual([]);
});
