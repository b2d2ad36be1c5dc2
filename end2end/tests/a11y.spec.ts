import { a11y } from "../fixtures/a11y";
import {
  button, copyKey, createKey, dialog, expectError, field, fillKey, finish, hydrated, keep, openDialog, openMenu, opener, radio, ROTATE, scopeBox,
  readPlainly, sendKey, signUp, somebody, tooltip, visit,
} from "../fixtures/journey";
import { makeKey, postPlainly } from "../fixtures/keys";
import { inSampleTeam } from "../fixtures/sample";
import { another, createTeam, openSwitcher } from "../fixtures/team";
import { expect, test } from "../fixtures/test";

// axe reads the whole page twice at each step, which takes seconds on a slow machine.
test.describe.configure({ timeout: 90_000 });

for (const width of [1280, 360]) {
  test.describe(`${width} wide`, () => {
    test.use({ viewport: { width, height: 800 } });

    test("sign-in", async ({ page, guard }) => {
      await visit(page, "/sign-in");
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(page, "Sign in").click();
      await expect(page.getByRole("alert")).toBeVisible();
      await a11y(page, "refused");
    });

    test("sign-up", async ({ page, guard }) => {
      await visit(page, "/sign-up");
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(page, "Create account").click();
      await expectError(field(page, "Name"), "Enter a name.");
      await a11y(page, "with errors");
    });

    test("keys", async ({ page }) => {
      await signUp(page);
      await a11y(page, "empty");
      await keep(page, "prod-api-worker");
      await keep(page, "مفتاح الإنتاج", "Monitor Only");
      await a11y(page, "with rows");
      await page.goto(`${page.url().split("?")[0]}?full=1`);
      await a11y(page, "full view");
      await page.getByRole("searchbox", { name: "Search" }).fill("zzz");
      await page.keyboard.press("Enter");
      await expect(page.getByRole("link", { name: "Show all keys" })).toBeVisible();
      await a11y(page, "no match");
    });

    test("keys of every kind, and what opens over them", async ({ page }) => {
      await signUp(page, somebody("Ada Moss"));
      const many = Array.from({ length: 12 }, (_, n) => `203.0.113.${n}`).join(",");
      await makeKey(page, "prod-api-worker", { allowlist: "203.0.113.0/24, 198.51.100.5", expires: "7" });
      await makeKey(page, "many", { allowlist: many });
      await page.reload();
      await hydrated(page);
      await openMenu(page, "prod-api-worker");
      await a11y(page, "row menu");
      await page.keyboard.press("Escape");
      const more = button(page, "+11 more");
      await more.focus();
      await expect.poll(() => tooltip(more)).toContain("203.0.113.9, 203.0.113.10, 203.0.113.11");
      await a11y(page, "tooltip");
      await openSwitcher(page, "Ada Moss");
      await a11y(page, "switcher");
    });

    test("the life of a key", async ({ page, request }) => {
      await signUp(page);
      for (const name of ["prod", "worker"]) await keep(page, name);
      for (const name of ["leaked", "leaked too"]) {
        await request.post("/v1/keys/report-leak", { data: { key: await makeKey(page, name) } });
      }
      for (const title of ["Revoke", "Delete", "Rotate"]) {
        await (await openMenu(page, "prod")).getByRole("menuitem", { name: title }).click();
        await expect(dialog(page, `${title} API key`)).toBeVisible();
        await hydrated(page);
        await a11y(page, title);
        if (title !== "Rotate") await button(dialog(page, `${title} API key`), "Cancel").click();
        else {
          const { view } = await sendKey(
            page, () => button(dialog(page, "Rotate API key"), "Rotate key").click(), ROTATE, "Key rotated successfully",
          );
          await a11y(page, "rotated");
          await copyKey(view).click();
          await finish(page, view);
        }
      }
      await expect(page.getByText("was reported as leaked")).toHaveCount(2);
      for (const box of await page.getByRole("checkbox", { name: /^Select (?!all )/ }).all()) await box.check();
      // Not below the bar, which stays at the top.
      await page.evaluate(() => scrollTo(0, 0));
      await a11y(page, "rows, leaks, the selection");
      await button(page, "Delete selected").click();
      await expect(dialog(page, "Delete API keys")).toBeVisible();
      await hydrated(page);
      await a11y(page, "several keys");
      await button(dialog(page, "Delete API keys"), "Cancel").click();
      await page.getByRole("link", { name: "prod", exact: true }).last().click();
      await expect(page.getByRole("heading", { name: "Rotations" })).toBeVisible();
      await a11y(page, "a key");
      await page.getByRole("form", { name: "Actions" }).getByRole("button", { name: "Grace period" }).click();
      await expect(dialog(page, "Change grace period")).toBeVisible();
      await hydrated(page);
      await a11y(page, "grace period");
      await button(dialog(page, "Change grace period"), "Cancel").click();
      await visit(page, `${new URL(page.url()).pathname.split("/").slice(0, 3).join("/")}/activity`);
      await a11y(page, "activity");
    });

    test("keys in every status, and what they did", async ({ browser, guard }) => {
      await inSampleTeam(browser, guard, async (page) => {
        await page.setViewportSize({ width, height: 800 });
        await a11y(page, "every status");
        for (const name of ["staging-monitor", "prod-api-worker"]) {
          await visit(page, "/home/sample-team/api-keys");
          await page.getByRole("link", { name, exact: true }).click();
          await expect(page.getByRole("heading", { name, level: 1 })).toBeVisible();
          await a11y(page, name);
        }
        await visit(page, "/home/sample-team/activity?search=zzz");
        await expect(page.getByRole("heading", { name: "No results" })).toBeVisible();
        await a11y(page, "activity, no match");
      });
    });

    test("pages of a list", async ({ page }) => {
      await signUp(page);
      for (let n = 0; n < 51; n += 1) await makeKey(page, `worker-${n}`);
      await page.reload();
      await expect(page.getByRole("navigation", { name: "Pages" })).toBeVisible();
      await a11y(page, "first page");
    });

    test("Scopes", async ({ page }) => {
      await signUp(page);
      await page.getByRole("link", { name: "Scopes" }).click();
      await expect(page.getByRole("heading", { name: "Scopes", level: 1 })).toBeVisible();
      await a11y(page, "scopes");
    });

    test("Guard your API", async ({ page }) => {
      await signUp(page);
      await page.getByRole("link", { name: "Guard your API" }).click();
      await expect(page.getByRole("heading", { name: "Guard your API", level: 1 })).toBeVisible();
      for (const proxy of ["nginx", "Caddy", "Traefik", "Envoy"]) {
        await page.getByRole("navigation", { name: "Proxy" }).getByRole("link", { name: proxy }).click();
        await expect(page.getByRole("link", { name: proxy })).toHaveAttribute("aria-current", "page");
        await hydrated(page);
        await a11y(page, proxy);
      }
    });

    test("Create team", async ({ page, guard }) => {
      await signUp(page);
      await visit(page, "/home/create-team");
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(page, "Create team").click();
      await expectError(field(page, "Name"), "Enter a name.");
      await a11y(page, "with an error");
    });

    test("what a member sees", async ({ page, browser, baseURL, guard, server }) => {
      await signUp(page);
      const slug = await createTeam(page, "Reef Works");
      const team = page.url();
      await makeKey(page, "prod-api-worker");
      const { person, page: theirs } = await another(browser, guard, baseURL, "Cy Vale");
      await theirs.setViewportSize({ width, height: 800 });
      await server.run("member", "add", "--account", slug, "--email", person.email, "--role", "member");
      await theirs.goto(team);
      await expect(opener(theirs)).toBeDisabled();
      await a11y(theirs, "read-only");
      await theirs.getByRole("link", { name: "prod-api-worker", exact: true }).click();
      await expect(button(theirs, "Rotate")).toBeDisabled();
      await a11y(theirs, "a key, read-only");
      guard.expectStatus(403);
      await postPlainly(theirs, `/home/${slug}/api-keys?dialog=leak`);
      await expect(theirs.getByRole("heading", { name: "You are not allowed to do this" })).toBeVisible();
      await a11y(theirs, "refused");
      await theirs.context().close();
    });

    test("Reissue secret", async ({ page }) => {
      await signUp(page);
      await makeKey(page, "lost");
      await page.reload();
      await hydrated(page);
      await (await openMenu(page, "lost")).getByRole("menuitem", { name: "Reissue secret" }).click();
      await expect(dialog(page, "Reissue secret")).toBeVisible();
      await hydrated(page);
      await a11y(page, "asking");
    });

    test("Add API key", async ({ page, guard }) => {
      await signUp(page);
      const add = await openDialog(page);
      await a11y(page, "empty");
      guard.expectStatus(422);
      await button(add, "Add").click();
      await expectError(field(add, "Name"), "Enter a name.");
      await a11y(page, "with errors");
      await radio(add, "Custom").check();
      await field(add, "Expires").selectOption({ label: "On a date" });
      await field(add, "IP allowlist (optional)").fill("203.0.113.9/24, nothing!");
      await button(add, "Add").click();
      await expectError(add.getByRole("group", { name: "Scopes" }), "Choose at least one scope.", false);
      await a11y(page, "with other errors");
      await scopeBox(add, "account:read").check();
      await field(add, "IP allowlist (optional)").fill("203.0.113.9/24");
      await field(add, "IP allowlist (optional)").blur();
      await expect(add.getByRole("status").getByRole("listitem").first()).toBeVisible();
      await a11y(page, "filled in");
    });

    test("View API key", async ({ page }) => {
      await signUp(page);
      const { view } = await createKey(page, "seen");
      await a11y(page, "hidden");
      await page.keyboard.press("Escape");
      await expect(view.getByRole("alert")).toBeVisible();
      await a11y(page, "asking");
      await button(view, "Show value").click();
      await a11y(page, "shown");
      await view.getByRole("tab", { name: "Secrets manager" }).click();
      await a11y(page, "another tab");
    });

    test.describe("as the server draws it, before the scripts are ready:", () => {
      test.beforeEach(async ({ page }) => {
        await page.addInitScript(() => void (window.requestIdleCallback = () => 0));
        await signUp(page, undefined, false);
        await opener(page).click();
      });

      test("Add API key", async ({ page, guard }) => {
        const add = dialog(page, "Add API key");
        await a11y(page, "empty");
        guard.expectStatus(422);
        await button(add, "Add").click();
        await expect(field(add, "Name")).toHaveAttribute("aria-invalid", "true");
        await a11y(page, "with errors");
      });

      test("View API key", async ({ page, guard }) => {
        const add = dialog(page, "Add API key");
        await fillKey(add, "drawn");
        await button(add, "Add").click();
        const view = dialog(page, "View API key");
        await a11y(page, "hidden");
        await readPlainly(view);
        await a11y(page, "shown");
        guard.expectStatus(409);
        await page.reload();
        await expect(dialog(page, "This form was sent already")).toBeVisible();
        await a11y(page, "shown already");
      });
    });

    test("404", async ({ page, guard }) => {
      guard.expectStatus(404);
      await page.goto("/nowhere");
      await expect(page.getByRole("heading", { name: "Page not found" })).toBeVisible();
      await a11y(page, "404");
    });
  });
}
