// Pages outside the frame: they load no module, weigh little, and say why one is there and what to do next.

import { a11y } from "../fixtures/a11y";
import { button, field, fillIn, PASSWORD, sideways, signIn, signUp, somebody, visit } from "../fixtures/journey";
import { postPlainly } from "../fixtures/keys";
import { expect, test, type Page } from "../fixtures/test";

const BOUND = 30_000;

test("sign-in loads no module and less than 30 KB; nor does any other page outside the frame", async ({ page, guard }) => {
  const devtools = await page.context().newCDPSession(page);
  await devtools.send("Network.enable");
  const paths = new Map<string, string>();
  let parts: [string, number][] = [];
  devtools.on("Network.responseReceived", ({ requestId, response }) => {
    paths.set(requestId, new URL(response.url).pathname);
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    parts.push([paths.get(requestId) ?? "?", encodedDataLength]);
  });
  await page.goto("/sign-in", { waitUntil: "networkidle" });
  const total = parts.reduce((sum, [, bytes]) => sum + bytes, 0);
  console.log([...parts, ["in all", total], ["bound", BOUND]].map(([path, bytes]) => `${bytes}  ${path}`).join("\n"));
  expect(total).toBeLessThanOrEqual(BOUND);
  guard.expectStatus(404);
  for (const path of ["/sign-up", "/nowhere"]) await page.goto(path, { waitUntil: "networkidle" });
  expect(parts.map(([path]) => path).filter((path) => /\.wasm$|babysea.*\.js$/.test(path))).toEqual([]);
  const script = parts.find(([path]) => path.startsWith("/pkg/page."))!;
  expect(script, "the script of the page").toBeDefined();
});

test("Show password shows it, and the form hides it again when it is sent", async ({ page, guard }) => {
  await visit(page, "/sign-in");
  const password = field(page, "Password");
  const toggle = button(page, "Show password");
  await password.fill(PASSWORD);
  await expect(password).toHaveAttribute("type", "password");
  await expect(toggle).toHaveAttribute("aria-pressed", "false");
  await toggle.click();
  await expect(password).toHaveAttribute("type", "text");
  await expect(toggle).toHaveAttribute("aria-pressed", "true");
  await expect(password).toHaveValue(PASSWORD);
  await a11y(page, "the password shown");
  await toggle.press("Space");
  await expect(password).toHaveAttribute("type", "password");

  await toggle.click();
  await field(page, "Email").fill("nobody@example.com");
  // What the page looks like while the form is on its way; the next page replaces it.
  await page.evaluate(() => {
    addEventListener("submit", (event) => {
      const [form, busy] = [event.target as HTMLFormElement, "aria-busy"];
      const button = form.querySelector("[data-submits]")!;
      sessionStorage.sent = [button.getAttribute(busy), form.querySelector<HTMLInputElement>("#password")!.type].join();
    });
  });
  guard.expectStatus(422);
  await button(page, "Sign in").click();
  await expect(page.getByRole("alert")).toHaveText("Email and password do not match an account.");
  expect(await page.evaluate(() => sessionStorage.sent)).toBe("true,password");
  await expect(button(page, "Sign in")).not.toHaveAttribute("aria-busy");
});

test("a form is sent once, however often its button is pressed", async ({ page }) => {
  await visit(page, "/sign-up");
  await fillIn(page, somebody());
  let posts = 0;
  page.on("request", (request) => (posts += Number(request.method() === "POST")));
  await button(page, "Create account").dblclick();
  await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
  expect(posts).toBe(1);
});

test("sign-in says why one is there, once", async ({ page, server }) => {
  const notice = (text: string) => page.getByText(text, { exact: true });
  const ada = await signUp(page);
  const home = page.url();
  await button(page, "Sign out").click();
  await expect(notice("You have signed out.")).toBeVisible();
  await expect(page.getByText("Ask the person who runs this server.")).toBeVisible();
  await page.reload();
  await expect(notice("You have signed out.")).toHaveCount(0);
  await page.goto(home);
  await expect(notice("Sign in to see this page.")).toBeVisible();
  await a11y(page, "asked for a page");

  await signIn(page, ada);
  await page.waitForURL(home);
  await server.run("user", "sign-out", "--email", ada.email, "--yes");
  await page.getByRole("link", { name: "Scopes" }).click();
  await expect(notice("Your session has ended. Sign in to go on.")).toBeVisible();
  await a11y(page, "the session has ended");
  await signIn(page, ada);
  await expect(page).toHaveURL(/\/scopes$/);
});

/** Opens every error page in turn. */
async function* errors(page: Page): AsyncGenerator<string> {
  const own = new URL(page.url()).pathname;
  await page.goto("/nowhere");
  yield "Page not found";
  await page.goto(`${own}?search=a&search=b`);
  yield "This address cannot be read";
  await page.goto("/sign-out");
  yield "This address is not a page";
  await page.goto(own);
  await postPlainly(page, own, {}, "text/plain");
  yield "The form cannot be read";
  await page.goto(own);
  await postPlainly(page, own, { name: "a".repeat(70_000) });
  yield "The form is too long";
}

for (const width of [1280, 360]) {
  test(`every error is a page of the product with a way on, ${width} wide`, async ({ page, guard }) => {
    test.setTimeout(60_000);
    await page.setViewportSize({ width, height: 740 });
    await signUp(page);
    guard.expectStatus(404, 400, 405, 415, 413);
    for await (const title of errors(page)) {
      await expect(page.getByRole("heading", { name: title, level: 1 })).toBeVisible();
      expect(await sideways(page), title).toBe(0);
      await expect(page.getByRole("navigation", { name: "Main" }).getByRole("link").first()).toBeVisible();
      await a11y(page, title);
      await page.getByRole("main").getByRole("link").click();
      await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
    }
  });
}

test("a form from another site is answered with a page that leads to the dashboard", async ({ page, guard, baseURL }) => {
  await signUp(page);
  guard.expectStatus(403);
  await page.route("https://elsewhere.example/", (route) =>
    route.fulfill({
      contentType: "text/html",
      body: `<form method="post" action="${baseURL}/sign-out"><button>Win a prize</button></form>`,
    }),
  );
  await page.goto("https://elsewhere.example/");
  await page.getByRole("button", { name: "Win a prize" }).click();
  await expect(page.getByRole("heading", { name: "This form was not accepted" })).toBeVisible();
  await expect(page.getByText(`This server expects to be at ${baseURL}: open the dashboard there`)).toBeVisible();
  await page.getByRole("link", { name: "Open the dashboard" }).click();
  await expect(page.getByRole("heading", { name: "API keys", level: 1 })).toBeVisible();
});
