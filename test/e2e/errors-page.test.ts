/** `docs/errors.md` has one heading for each code, and says of each whether it may be tried again. */
import { readFileSync } from "node:fs";
import { ERROR_CODES } from "@memcube/core";
import { describe, expect, it } from "vitest";

const page = readFileSync(new URL("../../docs/errors.md", import.meta.url), "utf8");
const sections = page
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [heading = "", ...rest] = section.split("\n");
    return { heading: heading.trim(), text: rest.join("\n") };
  });

describe("docs/errors.md", () => {
  it("has the codes of the union as its headings, in their order", () => {
    expect(sections.map(({ heading }) => heading)).toEqual(Object.keys(ERROR_CODES));
  });

  it.each(sections)(
    "tells of $heading what it means, what to do and whether to retry",
    (section) => {
      const { heading, text } = section;
      const { retryable } = ERROR_CODES[heading as keyof typeof ERROR_CODES];
      expect(text).toMatch(/^\n[A-Z`].{40,}/);
      expect(text).toMatch(/^- Do: .{10,}/m);
      expect(text).toMatch(retryable ? /^- Retryable: yes\b/m : /^- Retryable: no\b/m);
    },
  );
});
