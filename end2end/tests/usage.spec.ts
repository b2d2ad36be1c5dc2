// `How to use it`, below a new key. The tab cURL is the test command.

import { button, createKey, dialog, finish, opener, PRESETS, radio, readPlainly, field, secretField, showValue, signUp, somebody } from "../fixtures/journey";
import { expect, test, type Locator } from "../fixtures/test";

const TABS = ["SDK", "cURL", "Python", ".env", "Secrets manager"];
const tab = (view: Locator, name: string) => view.getByRole("tab", { name, exact: true });
const panel = (view: Locator, name: string) => view.getByRole("tabpanel", { name, exact: true });
const masked = (secret: string) => secret.slice(0, 9) + "•".repeat(33);
const EXPECTED = {
  "Full Access": { path: "/v1/status", status: 200, says: "You should see 200 and “API connected successfully”." },
  "Generate Only": { path: "/v1/generate/image/bfl/flux-schnell", status: 501, says: /^You should see 501 BSE5001\./ },
  "Read Only": { path: "/v1/status", status: 200, says: "You should see 200 and “API connected successfully”." },
  "Monitor Only": { path: "/v1/health/storage", status: 501, says: /^You should see 501 BSE5001\./ },
} as const;

test("each tab shows its way with the server's address; the key is hidden until it is shown", async ({ page, baseURL }) => {
  await signUp(page);
  const { view, secret } = await createKey(page, "used everywhere");
  await expect(view.getByRole("tablist", { name: "How to use it" }).getByRole("tab")).toHaveText(TABS);
  await expect(tab(view, "SDK")).toHaveAttribute("aria-selected", "true");
  const addressed = TABS.slice(0, 4);
  for (const hidden of [true, false]) {
    if (!hidden) await button(view, "Show value").click();
    const key = hidden ? masked(secret) : secret;
    for (const name of TABS) {
      await tab(view, name).click();
      await expect(tab(view, name)).toHaveAttribute("aria-selected", "true");
      await expect(view.getByRole("tab", { selected: true })).toHaveCount(1);
      await expect(panel(view, name)).toContainText(key);
      if (addressed.includes(name)) await expect(panel(view, name)).toContainText(baseURL!);
    }
    await tab(view, "cURL").click();
    await expect(panel(view, "cURL")).toContainText(`curl -i ${baseURL}/v1/status`);
    await expect(panel(view, "cURL")).toContainText(`Authorization: Bearer ${key}`);
    const shown = (await view.textContent())!.includes(secret.slice(9));
    expect(shown, "the whole key can be read").toBe(!hidden);
  }
  await button(view, "Hide value").click();
  await expect(panel(view, "cURL")).toContainText(masked(secret));
  expect((await view.textContent())!.includes(secret.slice(9))).toBe(false);
  await finish(page, view);
});

test("arrow keys, Home and End move between the tabs and go round", async ({ page }) => {
  await signUp(page);
  const { view } = await createKey(page, "by arrows");
  await tab(view, "SDK").focus();
  for (const [key, name] of [
    ["ArrowRight", "cURL"],
    ["ArrowRight", "Python"],
    ["ArrowLeft", "cURL"],
    ["End", "Secrets manager"],
    ["ArrowRight", "SDK"],
    ["ArrowLeft", "Secrets manager"],
    ["Home", "SDK"],
  ] as const) {
    await page.keyboard.press(key);
    await expect(tab(view, name)).toBeFocused();
    await expect(tab(view, name)).toHaveAttribute("aria-selected", "true");
    await expect(panel(view, name)).toBeVisible();
  }
  // Others do nothing.
  await page.keyboard.press("ArrowDown");
  await expect(tab(view, "SDK")).toBeFocused();
});

test("Copy takes the snippet with the key, although it is hidden", async ({ page, context, baseURL }) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await signUp(page);
  const { view, secret } = await createKey(page, "taken along");
  await tab(view, ".env").click();
  const copy = button(panel(view, ".env"), "Copy");
  await copy.click();
  await expect(panel(view, ".env").getByRole("status")).toHaveText("Copied, including the key.");
  await expect(button(panel(view, ".env"), "Copied")).toBeVisible();
  // The button is itself again after two seconds.
  await expect(copy).toBeVisible();
  await expect(panel(view, ".env")).toContainText(masked(secret));
  const elsewhere = await context.newPage();
  await elsewhere.setContent("<label>Paste here <textarea></textarea></label>");
  await elsewhere.getByLabel("Paste here").focus();
  await elsewhere.keyboard.press("ControlOrMeta+V");
  await expect(elsewhere.getByLabel("Paste here")).toHaveValue(
    `BABYSEA_API_KEY=${secret}\nBABYSEA_API_BASE_URL=${baseURL}`,
  );
  await elsewhere.close();
  // What was copied is another tab's no more.
  await page.bringToFront();
  await tab(view, "cURL").click();
  await expect(panel(view, "cURL").getByRole("status")).toHaveText("");
  // Copied is kept: nothing asks.
  await finish(page, view);
});

test("a browser that refuses the clipboard is told what to do", async ({ page }) => {
  await page.addInitScript(() => {
    navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError"));
  });
  await signUp(page);
  const { view } = await createKey(page, "not taken");
  await button(panel(view, "SDK"), "Copy").click();
  await expect(panel(view, "SDK").getByRole("status")).toHaveText(
    "The browser does not let this page copy. Show the value, then select the text.",
  );
  // Not copied is not kept.
  await button(view, "Done").click();
  await expect(view.getByRole("alert")).toContainText("You have not copied this key yet.");
});

for (const preset of PRESETS) {
  test(`${preset}: the command answers what the dialog expects`, async ({ page, request, baseURL }) => {
    await signUp(page);
    const { view, secret } = await createKey(page, "tried", preset);
    const { path, status, says } = EXPECTED[preset];
    await tab(view, "cURL").click();
    const shown = panel(view, "cURL");
    await expect(shown.getByText(says)).toBeVisible();
    await button(view, "Show value").click();
    const text = (await shown.locator("code").textContent())!;

    // The command, read as a shell would and sent.
    const method = / -X (\w+) /.exec(text)?.[1] ?? "GET";
    const url = /curl -i (?:-X \w+ )?(\S+)/.exec(text)![1]!;
    expect(url).toBe(baseURL + path);
    const headers = Object.fromEntries([...text.matchAll(/-H "([^:]+): ([^"]+)"/g)].map(([, name, value]) => [name!, value!]));
    expect(headers).toMatchObject({ Authorization: `Bearer ${secret}` });
    const data = / -d '([^']+)'/.exec(text)?.[1];
    const answer = await request.fetch(url, { method, headers, data });
    expect(answer.status()).toBe(status);
    if (status === 501) expect((await answer.json()).error).toMatchObject({ code: "BSE5001", type: "not_served_here" });
    await finish(page, view);
  });
}

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("every way is on the page, with the key once it is shown", async ({ page, baseURL }) => {
    await signUp(page, somebody(), false);
    await opener(page).click();
    const add = dialog(page, "Add API key");
    await field(add, "Name").fill("all at once");
    await radio(add, "Generate Only").check();
    await button(add, "Add").click();
    const view = dialog(page, "View API key");
    const texts = view.locator("pre").filter({ visible: true });
    await expect(view.getByRole("tab")).toHaveCount(0);
    await expect(view.getByRole("heading", { level: 4 })).toHaveText(TABS);
    await expect(secretField(view)).toBeHidden();
    const before = await texts.allTextContents();
    const secret = await readPlainly(view);
    const after = await texts.allTextContents();
    expect(after).toHaveLength(TABS.length);
    for (const text of after) expect(text).toContain(secret);
    expect(before).toEqual(after.map((text) => text.replaceAll(secret, masked(secret))));
    await showValue(view).uncheck();
    expect(await texts.allTextContents()).toEqual(before);
    await expect(view).toContainText(`curl -i -X POST ${baseURL}/v1/generate/image/bfl/flux-schnell`);
    await expect(view).toContainText("You should see 501 BSE5001.");
    await expect(button(view, "Copy")).toHaveCount(0);
  });
});
