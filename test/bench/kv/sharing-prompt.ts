import type { EngineRequest } from "@memcube/core";

import { exactCases } from "./exactness-cases.ts";

/** An agent's question behind the prefix that all agents have. */
export function sharedQuestion(agent: number): EngineRequest {
  const [first] = exactCases(1, 5);
  const [system] = first?.messages ?? [];
  if (system === undefined) throw new Error("no prefix");
  return {
    messages: [system, { role: "user", text: `What about agent ${agent}?` }],
    sampling: { temperature: 0, maxTokens: 4 },
  };
}
