import type { Payload } from "../../memory/index.ts";
import { jsonText } from "./json-text.ts";

/**
 * What a memory says, for search, embedding and prompts; "" for states and LoRAs. Titles and captions come
 * apart.
 */
export function textOf(payload: Payload): string {
  switch (payload.type) {
    case "text":
    case "document":
    case "turn":
    case "fact":
    case "event":
    case "preference":
      return payload.text;
    case "tool-schema":
      return `${payload.name}: ${payload.description}`;
    case "tool-trajectory":
      return trajectoryText(payload);
    case "skill":
      return `${payload.name}: ${payload.description}\n${payload.instructions}`;
    case "json":
      return payload.text ?? jsonText(payload.value);
    case "kv-state":
    case "lora":
      return "";
  }
}

/** The text with what stands beside it: what an embedder sees. */
export function embeddingText(payload: Payload): string {
  const caption = payload.type === "turn" ? payload.caption : undefined;
  const title = payload.type === "document" ? payload.title : undefined;
  return [title, textOf(payload), caption].filter((part) => part !== undefined).join("\n");
}

function trajectoryText(payload: Extract<Payload, { type: "tool-trajectory" }>): string {
  const tools = payload.steps.map((step) => step.tool).join(", ");
  const lesson = payload.lesson === undefined ? "" : `\n${payload.lesson}`;
  return `${payload.task}\n${payload.outcome}: ${tools}${lesson}`;
}
