import {
  button, dialog, expectError, field, hydrated, keep, openDialog, opener, row, signUp, somebody, visit,
} from "../fixtures/journey";
import { makeKey, postForm } from "../fixtures/keys";
import { another, createTeam, openSwitcher, switcher } from "../fixtures/team";
import { expect, test } from "../fixtures/test";

const READ_ONLY = "You can view keys. Only team owners can create or change them, such as Ada Moss.";

test("a team is made from the switcher, and its keys are its own", async ({ page, guard }) => {
  await signUp(page, somebody("Ada Moss"));
  const home = page.url();
  await keep(page, "of ada");

  await openSwitcher(page, "Ada Moss");
  await page.getByRole("link", { name: "Create team" }).click();
  await hydrated(page);
  await expect(page.getByRole("heading", { name: "Create team" })).toBeVisible();
  await expect(field(page, "Name")).toBeFocused();
  guard.expectStatus(422);
  await button(page, "Create team").click();
  await expectError(field(page, "Name"), "Enter a name.");
  await field(page, "Name").fill("Reef\u202EWorks");
  await button(page, "Create team").click();
  await expectError(field(page, "Name"), 'The name has an invisible character (U+202E) after "Reef". Delete it.');
  await expect(field(page, "Name")).toHaveValue("Reef\u202EWorks");
  await field(page, "Name").fill("Reef Works");
  await button(page, "Create team").click();

  await expect(page).toHaveURL(/\/home\/reef-works[^/]*\/api-keys#status$/);
  await expect(page).toHaveTitle("API keys · Reef Works · BabySea");
  await expect(page.getByRole("heading", { name: "No data available" })).toBeVisible();
  await expect(switcher(page, "Reef Works", "Team · primary owner")).toBeVisible();
  const team = page.url().split("#")[0]!;
  await hydrated(page);
  await keep(page, "of the team");
  await expect(page.getByRole("rowheader")).toHaveCount(1);

  // The account seen last is where the front page leads.
  await page.goto("/");
  await expect(page).toHaveURL(team);
  const accounts = await openSwitcher(page, "Reef Works");
  await expect(accounts).toHaveText([/Ada Moss\s*Personal account/, /Reef Works\s*Team · primary owner/]);
  await expect(page.locator("#accounts")).toMatchAriaSnapshot(`
    - paragraph: Accounts
    - list:
      - listitem:
        - link "Ada Moss Personal account"
      - listitem:
        - link "Reef Works Team · primary owner"
    - link "Create team"
  `);
  await expect(accounts.getByRole("link", { name: "Reef Works" })).toHaveAttribute("aria-current", "true");
  await expect(accounts.getByRole("link", { name: "Ada Moss" })).not.toHaveAttribute("aria-current");
  await accounts.getByRole("link", { name: "Ada Moss" }).click();
  await expect(page).toHaveURL(home);
  await expect(row(page, "of ada")).toBeVisible();
  await expect(row(page, "of the team")).toHaveCount(0);
  await page.goto("/");
  await expect(page).toHaveURL(home);
});

test("a name of 65 characters is too long for a team", async ({ page, guard }) => {
  await signUp(page);
  await visit(page, "/home/create-team");
  guard.expectStatus(422);
  await field(page, "Name").fill("t".repeat(65));
  await expect(page.getByText("65 of 64 characters")).toBeVisible();
  await button(page, "Create team").click();
  await expectError(field(page, "Name"), "Use at most 64 characters; this name has 65.");
  await page.getByRole("link", { name: "Cancel" }).click();
  await expect(opener(page)).toBeVisible();
});

test("a member sees the keys of the team and can change nothing", async ({ page, browser, baseURL, guard, server }) => {
  await signUp(page, somebody("Ada Moss"));
  const slug = await createTeam(page, "Reef Works");
  const team = page.url().split("#")[0]!;
  await makeKey(page, "prod-api-worker");
  const { person, page: theirs } = await another(browser, guard, baseURL, "Cy Vale");

  // Before they belong to it, the team is not there.
  guard.expectStatus(404);
  await theirs.goto(team);
  await expect(theirs.getByRole("heading", { name: "Page not found" })).toBeVisible();

  const added = await server.run("member", "add", "--account", slug, "--email", person.email, "--role", "member");
  expect(added).toEqual({ failed: false, said: `${person.email} is now member of Reef Works` });
  for (const query of ["", "?dialog=create", "?dialog=reissue&key=x"]) {
    await theirs.goto(team + query);
    await expect(row(theirs, "prod-api-worker")).toBeVisible();
    await expect(theirs.getByRole("dialog")).toHaveCount(0);
    await expect(opener(theirs)).toBeDisabled();
    await expect(opener(theirs)).toHaveAccessibleDescription(READ_ONLY);
    await expect(theirs.getByText(READ_ONLY)).toBeVisible();
    await expect(button(theirs, "Actions for prod-api-worker")).toBeDisabled();
    await expect(button(theirs, "Actions for prod-api-worker")).toHaveAccessibleDescription(READ_ONLY);
    await expect(theirs.getByRole("checkbox")).toHaveCount(0);
    await expect(theirs.getByRole("columnheader")).toHaveText([
      "API name", "Prefix", "Last used", "Created", "Status", "IP allowlist", "Actions",
    ]);
  }
  await theirs.getByRole("link", { name: "prod-api-worker", exact: true }).click();
  await expect(theirs.getByText(READ_ONLY)).toBeVisible();
  for (const action of ["Rotate", "Reissue secret", "Revoke", "Delete"]) {
    await expect(button(theirs, action)).toBeDisabled();
    await expect(button(theirs, action)).toHaveAccessibleDescription(READ_ONLY);
  }
  await theirs.goto(team);
  await expect(switcher(theirs, "Reef Works", "Team · member")).toBeVisible();

  // Nor by asking without the page.
  const form = { account: slug, name: "sneaked in", preset: "full_access", form_token: "abc" };
  expect((await postForm(theirs, "/api/keys/create", form)).status()).toBe(403);
  expect((await postForm(theirs, `/home/${slug}/api-keys?dialog=create`, form)).status()).toBe(403);
  await theirs.goto(`${team}?search=sneaked`);
  await expect(theirs.getByRole("heading", { name: "No key matches “sneaked”" })).toBeVisible();

  // Their own account is theirs.
  await openSwitcher(theirs, "Reef Works").then((all) => all.getByRole("link", { name: "Cy Vale" }).click());
  await expect(opener(theirs)).toBeEnabled();
  await theirs.context().close();
});

test("an owner who was added makes keys in the team", async ({ page, browser, baseURL, guard, server }) => {
  await signUp(page, somebody("Ada Moss"));
  const slug = await createTeam(page, "Tidal");
  const team = page.url().split("#")[0]!;
  const { person, page: theirs } = await another(browser, guard, baseURL, "Bo Lind");
  await server.run("member", "add", "--account", slug, "--email", person.email, "--role", "owner");
  await visit(theirs, team);
  await expect(theirs.getByText(READ_ONLY)).toHaveCount(0);
  await openDialog(theirs);
  await button(dialog(theirs, "Add API key"), "Cancel").click();
  await keep(theirs, "made by bo");
  await page.reload();
  await expect(row(page, "made by bo")).toBeVisible();
  await theirs.context().close();
});

test("only people with an account are added, only to teams, and only once", async ({ page, server }) => {
  const ada = await signUp(page, somebody("Ada Moss"));
  const personal = /home\/([^/]+)/.exec(page.url())![1]!;
  const slug = await createTeam(page, "Kelp");
  const nobody = somebody().email;
  for (const [account, email, sentence] of [
    [slug, nobody, `there is no person with the email ${nobody}`],
    [slug, ada.email, `${ada.email} is the primary owner of ${slug}`],
    [personal, nobody, `${personal} is a personal account: only teams have members`],
    ["no-such-team", nobody, "there is no account no-such-team"],
  ] as const) {
    const { failed, said } = await server.run("member", "add", "--account", account, "--email", email, "--role", "member");
    expect(failed).toBe(true);
    expect(said).toContain(sentence);
  }
});

test.describe("without scripts", () => {
  test.use({ javaScriptEnabled: false });

  test("the switcher opens, and a team is made", async ({ page, guard }) => {
    await signUp(page, somebody("Ada Moss"), false);
    const accounts = await openSwitcher(page, "Ada Moss");
    await expect(accounts).toHaveText([/Ada Moss\s*Personal account/]);
    await page.getByRole("link", { name: "Create team" }).click();
    guard.expectStatus(422);
    await button(page, "Create team").click();
    await expectError(field(page, "Name"), "Enter a name.");
    await field(page, "Name").fill("Lagoon");
    await button(page, "Create team").click();
    await expect(page).toHaveURL(/\/home\/lagoon[^/]*\/api-keys#status$/);
    await expect(switcher(page, "Lagoon")).toBeVisible();
  });
});
