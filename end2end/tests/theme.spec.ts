import { a11y } from "../fixtures/a11y";
import { button, field, KEYS_PAGE, openDialog, signIn, signUp, somebody, visit } from "../fixtures/journey";
import { makeKey, postForm } from "../fixtures/keys";
import { expect, test, type Page } from "../fixtures/test";

const choice = (page: Page, theme: string) => button(page, `Theme: ${theme}`);
/** How light the ground is, from 0 to 1. */
const ground = (page: Page) =>
  page.evaluate(() => {
    const context = document.createElement("canvas").getContext("2d")!;
    context.fillStyle = getComputedStyle(document.body).backgroundColor;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue] = context.getImageData(0, 0, 1, 1).data;
    return (red! + green! + blue!) / 765;
  });

async function expectTheme(page: Page, theme: "system" | "light" | "dark", looks: "light" | "dark"): Promise<void> {
  for (const other of ["system", "light", "dark"]) {
    await expect(choice(page, other)).toHaveAttribute("aria-pressed", String(other === theme));
  }
  await expect.poll(async () => ((await ground(page)) > 0.5 ? "light" : "dark")).toBe(looks);
  const bars = page.locator(`meta[name="theme-color"]`);
  await expect(bars).toHaveCount(theme === "system" ? 2 : 1);
}

test("the system's theme until another is chosen, and again when it is given back", async ({ page }) => {
  await page.emulateMedia({ colorScheme: "dark" });
  await visit(page, "/sign-in");
  await expectTheme(page, "system", "dark");
  await page.emulateMedia({ colorScheme: "light" });
  await expectTheme(page, "system", "light");
  await choice(page, "dark").click();
  await expectTheme(page, "dark", "dark");
  await choice(page, "system").click();
  await expectTheme(page, "system", "light");
  await choice(page, "light").click();
  await page.emulateMedia({ colorScheme: "dark" });
  await expectTheme(page, "light", "light");
});

test("the choice stays after a reload, on every page and after signing out", async ({ page, browser, baseURL, guard }) => {
  const ada = await signUp(page);
  await choice(page, "dark").click();
  await expectTheme(page, "dark", "dark");
  await page.reload();
  await expectTheme(page, "dark", "dark");
  await page.getByRole("link", { name: "Scopes" }).click();
  await expectTheme(page, "dark", "dark");
  await button(page, "Sign out").click();
  await expect(page).toHaveURL("/sign-in");
  await expectTheme(page, "dark", "dark");
  await visit(page, "/sign-in");
  await signIn(page, ada);
  await expect(page).toHaveURL(KEYS_PAGE);
  await expectTheme(page, "dark", "dark");
  const [cookie] = (await page.context().cookies()).filter(({ name }) => /^babysea-\d+-theme$/.test(name));
  expect(cookie).toMatchObject({ value: "dark", httpOnly: true, sameSite: "Lax", path: "/" });

  // Of this browser, not of the person.
  const other = await browser.newContext({ baseURL, colorScheme: "light" });
  await guard.watch(other);
  const elsewhere = await other.newPage();
  await visit(elsewhere, "/sign-in");
  await signIn(elsewhere, ada);
  await expect(elsewhere).toHaveURL(KEYS_PAGE);
  await expectTheme(elsewhere, "system", "light");
  await other.close();
});

test("changing it leads back to the same view", async ({ page }) => {
  await signUp(page);
  await makeKey(page, "prod-api-worker");
  const home = page.url();
  // The last is longer than 512 bytes in an address.
  for (const [theme, search] of [["light", "prod"], ["dark", "../..//"], ["light", "م".repeat(100)]] as const) {
    const asked = `${home}?search=${encodeURIComponent(search)}&status=active`;
    await page.goto(asked);
    await choice(page, theme).click();
    await expectTheme(page, theme, theme);
    await expect(page).toHaveURL(asked);
    await expect(page.getByRole("searchbox", { name: "Search" })).toHaveValue(search);
  }
});

test("a theme that does not exist is the system's, and nobody is led to another site", async ({ page, baseURL }) => {
  await signUp(page);
  for (const next of ["https://example.com/", "//example.com/", "/\\example.com", "javascript:alert(1)"]) {
    const answer = await postForm(page, "/theme", { theme: "pink", next });
    expect(answer.status()).toBe(303);
    expect(new URL(answer.headers().location!, baseURL).origin).toBe(baseURL);
    expect(answer.headers()["set-cookie"]).toMatch(/^babysea-\d+-theme=system;.* Max-Age=0(;|$)/);
  }
  // Another site cannot change it.
  const foreign = await page.request.post("/theme", { form: { theme: "dark" }, headers: { Origin: "https://example.com" } });
  expect(foreign.status()).toBe(403);
  await page.reload();
  await expectTheme(page, "system", "light");
});

for (const theme of ["light", "dark"]) {
  test(`${theme}, when chosen, has enough contrast whatever the system says`, async ({ page, guard }) => {
    await visit(page, "/sign-in");
    await choice(page, theme).click();
    await expect(choice(page, theme)).toHaveAttribute("aria-pressed", "true");
    await a11y(page, `sign-in, ${theme}`);
    await signUp(page, somebody());
    await makeKey(page, "prod-api-worker", { allowlist: "203.0.113.0/24, 198.51.100.5", expires: "7" });
    await visit(page, page.url());
    await a11y(page, `keys, ${theme}`);
    const add = await openDialog(page);
    guard.expectStatus(422);
    await button(add, "Add").click();
    await expect(field(add, "Name")).toHaveAttribute("aria-invalid", "true");
    await a11y(page, `Add API key, ${theme}`);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the switch is a form and works the same", async ({ page }) => {
    await signUp(page, somebody(), false);
    const home = page.url();
    await choice(page, "dark").click();
    await expect(page).toHaveURL(home);
    await expect(choice(page, "dark")).toHaveAttribute("aria-pressed", "true");
    await page.reload();
    await expect(choice(page, "dark")).toHaveAttribute("aria-pressed", "true");
    await choice(page, "system").click();
    await expect(choice(page, "system")).toHaveAttribute("aria-pressed", "true");
  });
});
