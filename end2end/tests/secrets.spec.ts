// Each worker also searches for the secrets of all its tests before it stops its server (fixtures/test.ts).

import { createKey, expectGone, finish, keep, button, signUp } from "../fixtures/journey";
import { holds, secrets } from "../fixtures/server";
import { expect, test } from "../fixtures/test";

test("the search finds what is there", async ({ page, server, baseURL }) => {
  const secret = `bye_${"a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9"}`;
  for (const text of [secret, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")]) {
    expect(holds(Buffer.from(`..${text}..`), secret), text).toBe(true);
  }
  expect(holds(Buffer.from("bye_a1B2c..."), secret)).toBe(false);

  // An address is in the database, and the server says where it listens; the search leaves out the first nine.
  const { email } = await signUp(page);
  expect(await server.leaks([`123456789${email}`])).toContainEqual(expect.stringContaining("babysea.db"));
  expect(await server.leaks([`123456789${baseURL}`])).toContain("its output");
});

test("a secret is in no file of the server and not in its output, whatever was done with it", async ({
  page,
  request,
  server,
}) => {
  await signUp(page);
  const kept = await keep(page, "kept");
  const { view, secret } = await createKey(page, "closed", "Generate Only");
  await page.keyboard.press("Escape");
  await finish(page, view, "Close without the key");

  for (const [method, path, key] of [
    ["GET", "/v1/status", kept],
    ["GET", "/v1/status", secret],
    ["GET", "/v1/nowhere", kept],
    ["POST", "/v1/status", kept],
    ["GET", `/v1/status?key=${kept}`, kept],
    ["GET", `/v1/${kept}`, kept],
    ["GET", `/nowhere/${kept}`, kept],
    ["GET", "/v1/status", `${kept} `],
    ["GET", "/v1/status", kept.slice(0, -1) + (kept.endsWith("x") ? "y" : "x")],
  ]) {
    await request.fetch(path!, { method, headers: { Authorization: `Bearer ${key}` } });
  }
  expect(secrets.size).toBeGreaterThanOrEqual(2);
  await expect(async () => {
    // Written down a little later.
    await page.reload();
    await expect(page.getByRole("cell", { name: "Never" })).toHaveCount(1, { timeout: 100 });
  }).toPass({ timeout: 8_000 });
  expect(await server.leaks()).toEqual([]);
});

test("a secret is in no storage, state or address of the browser, even while it is shown", async ({ page }) => {
  await signUp(page);
  const visited: string[] = [];
  page.on("framenavigated", (frame) => visited.push(frame.url()));
  const { view, secret } = await createKey(page, "shown");
  const markup = () => page.evaluate(() => document.documentElement.outerHTML);
  expect(holds(await markup(), secret), "in the markup, while it is hidden").toBe(false);
  await button(view, "Show value").click();
  const held = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const caches_ = await caches.keys();
    return JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, history.state, document.cookie, location.href, databases, caches_,
      ...[...document.querySelectorAll("input, textarea")].map((field) => field.outerHTML),
    ]);
  });
  expect(held.includes(secret.slice(9)), "in storage or as the content of a field").toBe(false);
  await finish(page, view);
  await expectGone(page, secret);
  expect(visited.filter((url) => holds(url, secret))).toEqual([]);
  expect(await page.context().storageState().then((state) => holds(JSON.stringify(state), secret))).toBe(false);
});
