import { type Fields, fieldsField, isFields, textField } from "./fields.ts";

/** A message's content taken apart, whichever framework wrote it. */
export type Piece =
  | { readonly kind: "text"; readonly text: string }
  /** What an image, sound or file shows; its bytes and address are not kept. */
  | { readonly kind: "caption"; readonly caption: string }
  | { readonly kind: "call"; readonly id?: string; readonly name: string; readonly input: unknown }
  | {
      readonly kind: "result";
      readonly id?: string;
      readonly name?: string;
      readonly output: unknown;
    };

type PartReader = (part: Fields) => readonly Piece[];

/** Known, but nothing was said in it. */
const silent: PartReader = () => [];

const text =
  (...names: readonly string[]): PartReader =>
  (part) => {
    const found = textField(part, ...names);
    return found === undefined ? [] : [{ kind: "text", text: found }];
  };

const media =
  (word: string): PartReader =>
  (part) => [{ kind: "caption", caption: describe(part) ?? `[${word}]` }];

/** Part types of OpenAI, Anthropic, AI SDK 4 to 7, LangChain and ChatGPT's export. */
const PARTS: ReadonlyMap<string, PartReader> = new Map<string, PartReader>([
  ["text", text("text")],
  ["input_text", text("text")],
  ["output_text", text("text")],
  ["text-plain", text("text")],
  ["refusal", text("refusal")],
  ["audio_transcription", text("text")],

  ["image", media("image")],
  ["image_url", media("image")],
  ["input_image", media("image")],
  ["image_asset_pointer", media("image")],
  ["audio", media("audio")],
  ["input_audio", media("audio")],
  ["audio_asset_pointer", media("audio")],
  ["real_time_user_audio_video_asset_pointer", media("audio")],
  ["video", media("video")],
  ["video_container_asset_pointer", media("video")],
  ["document", media("file")],
  ["input_file", media("file")],
  ["file", (part) => media(mediaWord(part))(part)],

  ["tool-call", toolCall],
  ["tool_call", toolCall],
  ["tool_use", toolCall],
  ["server_tool_use", toolCall],
  ["server_tool_call", toolCall],
  ["tool-result", toolResult],
  ["tool_result", toolResult],
  ["server_tool_call_result", toolResult],
  ["dynamic-tool", (part) => toolInvocation(part, textField(part, "toolName"))],
  [
    "tool-invocation",
    (part) => {
      const invocation = fieldsField(part, "toolInvocation") ?? part;
      return toolInvocation(invocation, textField(invocation, "toolName"));
    },
  ],

  ["reasoning", silent],
  ["reasoning-file", silent],
  ["thinking", silent],
  ["redacted_thinking", silent],
  ["step-start", silent],
  ["source", silent],
  ["source-url", silent],
  ["source-document", silent],
  ["citation", silent],
  ["custom", silent],
  ["non_standard", silent],
  ["tool-approval-request", silent],
  ["tool-approval-response", silent],
  ["tool_call_chunk", silent],
  ["invalid_tool_call", silent],
  ["steering-message", text("text")],
]);

/**
 * The pieces of one part of a message's content; a part may be a bare string.
 *
 * @returns an empty list for a known part that says nothing, `undefined` for an unknown one
 */
export function piecesOf(part: unknown): readonly Piece[] | undefined {
  if (typeof part === "string") return part === "" ? [] : [{ kind: "text", text: part }];
  if (!isFields(part)) return undefined;
  const type = textField(part, "type", "content_type");
  if (type === undefined) return undefined;
  const known = PARTS.get(type);
  if (known !== undefined) return known(part);
  if (type.startsWith("tool-")) return toolInvocation(part, type.slice("tool-".length));
  return type.startsWith("data-") ? [] : undefined;
}

/** Calls of OpenAI's `tool_calls` and `function_call`, and LangChain's `tool_calls`. */
export function callPieces(calls: unknown): readonly Piece[] {
  if (!Array.isArray(calls)) return [];
  return calls.filter(isFields).flatMap((call: Fields) => {
    const inner = fieldsField(call, "function") ?? fieldsField(call, "custom");
    return toolCall(inner === undefined ? call : { ...inner, id: call["id"] });
  });
}

/** Text of a tool's output or another nested content: a string or text parts. */
export function nestedText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return undefined;
  const texts = content.flatMap((part: unknown) =>
    isFields(part) && typeof part["text"] === "string" ? [part["text"]] : [],
  );
  return texts.length === 0 ? undefined : texts.join("\n");
}

function toolCall(part: Fields): readonly Piece[] {
  const name = textField(part, "toolName", "name");
  if (name === undefined) return [];
  const id = textField(part, "toolCallId", "tool_call_id", "call_id", "id");
  const input = part["input"] ?? part["args"] ?? part["arguments"] ?? {};
  return [{ kind: "call", id, name, input: typeof input === "string" ? parsed(input) : input }];
}

function toolResult(part: Fields): readonly Piece[] {
  const id = textField(part, "toolCallId", "tool_call_id", "tool_use_id", "call_id");
  const name = textField(part, "toolName", "name");
  const output = part["output"] ?? part["result"] ?? nestedText(part["content"]) ?? part["content"];
  return [{ kind: "result", id, name, output: unwrapOutput(output) }];
}

/** Call and result in one part: AI SDK's UI message. */
function toolInvocation(part: Fields, name: string | undefined): readonly Piece[] {
  if (name === undefined || name === "") return [];
  const id = textField(part, "toolCallId");
  const input = part["input"] ?? part["args"] ?? part["rawInput"] ?? {};
  const call: Piece = { kind: "call", id, name, input };
  const output = part["output"] ?? part["result"] ?? textField(part, "errorText");
  return output === undefined ? [call] : [call, { kind: "result", id, name, output }];
}

/** AI SDK writes `{ type: "json", value }` around a tool's output. */
function unwrapOutput(output: unknown): unknown {
  if (!isFields(output)) return output;
  switch (output["type"]) {
    case "text":
    case "error-text":
    case "json":
    case "error-json":
      return output["value"];
    case "content":
      return nestedText(output["value"]) ?? output["value"];
    case "execution-denied":
      return textField(output, "reason") ?? "denied";
    default:
      return output;
  }
}

/** Arguments arrive as JSON text; a model's broken JSON is kept as it is. */
function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    if (error instanceof SyntaxError) return json;
    throw error;
  }
}

function describe(part: Fields): string | undefined {
  const own = textField(part, "caption", "alt", "title", "filename", "file_name", "name");
  if (own !== undefined) return own;
  const file = fieldsField(part, "file");
  const prompt = fieldsField(fieldsField(part, "metadata") ?? {}, "dalle");
  return textField(file ?? {}, "filename") ?? textField(prompt ?? {}, "prompt");
}

function mediaWord(part: Fields): string {
  const top = textField(part, "mediaType", "mimeType", "mime_type")?.split("/")[0] ?? "";
  return ["image", "audio", "video"].includes(top) ? top : "file";
}
