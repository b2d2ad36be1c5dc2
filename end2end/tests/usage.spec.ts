// How to use a new key: tabs, the real address and key, and the command that tests it.

import { button, createKey, type Preset, PRESETS, secretField, signUp } from "../fixtures/journey";
import { expect, type Locator, test } from "../fixtures/test";

const TABS = ["SDK", "cURL", "Python", ".env", "Secrets manager"];
const tab = (view: Locator, name: string) => view.getByRole("tab", { name, exact: true });
const command = (view: Locator) => view.locator("pre", { hasText: "curl -i" }).last();

test("every tab has the address of this server, and the key as hidden as its value", async ({ page, baseURL }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "prod");
  const panel = view.getByRole("tabpanel");
  for (const name of TABS) {
    await tab(view, name).click();
    await expect(tab(view, name)).toHaveAttribute("aria-selected", "true");
    await expect(panel).toContainText(`${secret.slice(0, 9)}•••`);
    await expect(panel).not.toContainText(secret);
    if (name !== "Secrets manager") await expect(panel).toContainText(baseURL ?? "");
  }
  await expect(command(view)).not.toContainText(secret);
  await button(view, "Show value").click();
  for (const name of TABS) {
    await tab(view, name).click();
    await expect(panel).toContainText(secret);
  }
  await expect(command(view)).toContainText(secret);
  await tab(view, ".env").click();
  await expect(panel).toContainText(".gitignore");
});

test("arrows move between the tabs", async ({ page }) => {
  await signUp(page);
  const { view } = await createKey(page, "prod");
  await tab(view, "SDK").focus();
  for (const name of [...TABS.slice(1), "SDK"]) {
    await page.keyboard.press("ArrowRight");
    await expect(tab(view, name)).toBeFocused();
    await expect(tab(view, name)).toHaveAttribute("aria-selected", "true");
  }
  await page.keyboard.press("End");
  await expect(tab(view, "Secrets manager")).toBeFocused();
  await page.keyboard.press("Home");
  await expect(tab(view, "SDK")).toBeFocused();
});

test("a snippet is copied with the real key, and that counts as having it", async ({ page, context }) => {
  await context.grantPermissions(["clipboard-write"]);
  await signUp(page);
  const { view, secret } = await createKey(page, "prod");
  await page.evaluate(() => {
    const kept = window as unknown as { copied: string };
    navigator.clipboard.writeText = async (text) => void (kept.copied = text);
  });
  await tab(view, ".env").click();
  await button(view, "To clipboard").click();
  await expect(view.getByText("With the key, on the clipboard.")).toBeVisible();
  const copied = await page.evaluate(() => (window as unknown as { copied: string }).copied);
  expect(copied).toContain(`BABYSEA_API_KEY=${secret}\n`);
  await button(view, "Done").click();
  await page.waitForURL(/created=/);
});

/** What each preset's command asks for, and what it is said to answer. */
const EXPECTED: Record<Preset, [method: string, path: string, status: number]> = {
  "Full Access": ["GET", "/v1/status", 200],
  "Generate Only": ["POST", "/v1/generate/image/bfl/flux-schnell", 501],
  "Read Only": ["GET", "/v1/status", 200],
  "Monitor Only": ["GET", "/v1/health/storage", 501],
};

for (const preset of PRESETS) {
  test(`${preset}: the test command answers what is said of it`, async ({ page, baseURL }) => {
    await signUp(page);
    const { view, secret } = await createKey(page, "prod", preset);
    const [method, path, status] = EXPECTED[preset];
    await expect(command(view)).toContainText(`${baseURL}${path}`);
    if (method === "POST") await expect(command(view)).toContainText("-X POST");
    await expect(view.getByText(`Expected: ${status}`)).toBeVisible();
    const answer = await page.request.fetch(path, { method, headers: { authorization: `Bearer ${secret}` } });
    expect(answer.status()).toBe(status);
    const body = (await answer.json()) as { error?: { code: string } };
    if (status === 501) expect(body.error?.code).toBe("BSE5001");
    await expect(secretField(view)).toBeVisible();
  });
}
