import { defineConfig } from "@playwright/test";
import tests from "./playwright.config";

// Measurements of `make soak PART=face`: one at a time, with the release, each with all the time it needs.
export default defineConfig({
  ...tests,
  testDir: "soak",
  fullyParallel: false,
  workers: 1,
  timeout: 15 * 60_000,
  reporter: [["list"]],
});
