/** `examples/four-frameworks` does what its page says: one memory, four frameworks, one log. */
import { dirname, join } from "node:path";

import { describe, expect, it } from "vitest";

import { runFile, temporaryFolder } from "./run-memcube.ts";

const EXAMPLE = join(dirname(dirname(import.meta.dirname)), "examples/four-frameworks/index.ts");
const FRAMEWORKS = ["langchain", "langgraph", "ai-sdk", "mastra"];
const ANSWERS = ["behind the boiler", "from Moncalieri", "at the lake", "by Signora Ferri"];

describe("examples/four-frameworks", () => {
  it("tells each framework what the others were told, and nobody else", async () => {
    const folder = temporaryFolder();
    const { code, out } = await runFile([EXAMPLE, "household.db"], { cwd: folder.path });
    folder.remove();
    expect(code).toBe(0);
    const [told = "", asked = "", log = "", refused = ""] = out.split(/\n\n-- .*\n/);
    expect(told.match(/Noted\.$/gm)).toHaveLength(FRAMEWORKS.length);

    for (const [i, answer] of ANSWERS.entries()) {
      const others = FRAMEWORKS.filter((_, at) => at !== i);
      const known = asked.split("\n").filter((line) => line.endsWith(`${answer}.`));
      expect(known.map((line) => line.replace(/^tom -> ([\w-]+): .*/, "$1"))).toEqual(others);
    }
    for (const framework of FRAMEWORKS) {
      expect(log).toContain(`ada by ${framework} via ${framework}`);
    }
    for (const answer of ANSWERS) expect(refused).not.toContain(answer);
    expect(refused.trim().split("\n")).toHaveLength(FRAMEWORKS.length);
    expect(refused).toContain("MEMCUBE_CUBE_NOT_FOUND");
  });
});
