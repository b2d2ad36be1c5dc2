import { hydrated, opener, signUp } from "../fixtures/journey";
import { expect, test } from "../fixtures/test";

const BOUND = 120_000;

test("the first visit of the keys page transfers at most 120 KB", async ({ page, browser, baseURL, guard }) => {
  await signUp(page);
  const context = await browser.newContext({ baseURL, storageState: await page.context().storageState() });
  await guard.watch(context);
  const visitor = await context.newPage();
  const devtools = await context.newCDPSession(visitor);
  await devtools.send("Network.enable");
  const paths = new Map<string, string>();
  const parts: { part: string; path: string; coding: string; bytes: number }[] = [];
  const codings = new Map<string, string>();
  devtools.on("Network.responseReceived", ({ requestId, response }) => {
    paths.set(requestId, new URL(response.url).pathname);
    codings.set(requestId, response.headers["content-encoding"] ?? "-");
  });
  devtools.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const path = paths.get(requestId) ?? "?";
    const part = /\.(js|wasm|css|svg)$/.exec(path)?.[1] ?? "document";
    parts.push({ part: part === "svg" ? "icon" : part, path, coding: codings.get(requestId) ?? "-", bytes: encodedDataLength });
  });
  await visitor.goto(page.url());
  await hydrated(visitor);
  await expect(opener(visitor)).toBeVisible();

  // Without a window Chromium asks for no icon: its size is that of its answer.
  if (!parts.some(({ part }) => part === "icon")) {
    const icon = await context.request.get("/favicon.svg", { headers: { "Accept-Encoding": "br" } });
    const head = icon.headersArray().reduce((sum, { name, value }) => sum + name.length + value.length + 4, 19);
    const coding = icon.headers()["content-encoding"] ?? "-";
    parts.push({ part: "icon", path: "/favicon.svg", coding, bytes: head + Number(icon.headers()["content-length"]) });
  }
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const line = (part: string, bytes: number, rest = "") => `${part.padEnd(9)}${String(bytes).padStart(8)}  ${rest}`;
  const table = parts.map(({ part, bytes, coding, path }) => line(part, bytes, `${coding.padEnd(5)}${path}`));
  console.log([line("part", "bytes" as never), ...table, line("in all", total, `bound ${BOUND}`)].join("\n"));

  expect(parts.map(({ part }) => part).sort()).toEqual(["css", "document", "icon", "js", "js", "wasm"]);
  for (const { part, coding } of parts) if (part !== "icon") expect(coding, part).toBe("br");
  expect(total).toBeLessThanOrEqual(BOUND);
  await context.close();
});
