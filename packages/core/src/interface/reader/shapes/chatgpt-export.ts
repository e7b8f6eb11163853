import { type Fields, fieldsField, isFields, presentField, textField } from "../fields.ts";
import { guarded } from "../guarded.ts";
import { type Outcome, reject, skip } from "../outcome.ts";
import { nestedText } from "../pieces.ts";
import { fieldOf } from "../position.ts";
import { READER_LIMITS } from "../reader-limits.ts";
import { type Reading, within } from "../reading.ts";
import { readUtterance, type Utterance } from "../utterance.ts";
import { usableId } from "../usable-id.ts";
import { parseWhen } from "../when.ts";
import { titleOf } from "./conversation.ts";
import { timeOf } from "./message-fields.ts";
import type { Shape } from "./shape.ts";

/** What the model thought or was told, and what nobody said. */
const HIDDEN_CONTENT: ReadonlySet<string> = new Set([
  "thoughts",
  "reasoning_recap",
  "user_editable_context",
  "model_editable_context",
  "system_error",
]);

/**
 * A conversation of ChatGPT's data export (`conversations.json`): a tree of messages. The branch
 * that ends in `current_node` is read, from its root; hidden and system messages are skipped.
 */
export const chatgptExport: Shape<Fields> = {
  name: "chatgpt",
  matches: (value): value is Fields => isFields(value) && isFields(value["mapping"]),
  *read(conversation, position, reading) {
    const mapping = fieldsField(conversation, "mapping") ?? {};
    const id = textField(conversation, "conversation_id", "id");
    const start = presentField(conversation, "create_time");
    const at = start && parseWhen(start.value, reading.now);
    if (start !== undefined && at === undefined) {
      yield reject(fieldOf(position, start.name), "bad-date");
    }
    const inner = within(reading, {
      sessionId: usableId(id),
      at,
      title: titleOf(conversation),
    });
    const where = fieldOf(position, "mapping");
    const branch = yield* branchOf(conversation, mapping, where);
    for (const nodeId of branch) {
      const here = fieldOf(where, nodeId);
      yield* guarded(here, () => readNode(mapping[nodeId], here, inner));
    }
    const read = new Set(branch);
    for (const nodeId of Object.keys(mapping)) {
      if (!read.has(nodeId)) yield skip(fieldOf(where, nodeId), "other-branch");
    }
  },
};

/** Ids of the nodes from the root to the current one. */
function* branchOf(
  conversation: Fields,
  mapping: Fields,
  position: string,
): Generator<Outcome, readonly string[]> {
  const branch = new Set<string>();
  let nodeId = textField(conversation, "current_node") ?? lastLeaf(mapping);
  if (nodeId !== undefined && !Object.hasOwn(mapping, nodeId)) nodeId = lastLeaf(mapping);
  while (nodeId !== undefined && Object.hasOwn(mapping, nodeId)) {
    if (branch.has(nodeId)) {
      yield reject(fieldOf(position, nodeId), "cyclic");
      break;
    }
    if (branch.size >= READER_LIMITS.outcomes) {
      yield reject(fieldOf(position, nodeId), "too-many");
      break;
    }
    branch.add(nodeId);
    const node = mapping[nodeId];
    nodeId = isFields(node) ? textField(node, "parent") : undefined;
  }
  return [...branch].reverse();
}

/** Where no current node is named: the last node without children. */
function lastLeaf(mapping: Fields): string | undefined {
  return Object.keys(mapping).findLast((nodeId) => {
    const node = mapping[nodeId];
    const children = isFields(node) ? node["children"] : undefined;
    return !Array.isArray(children) || children.length === 0;
  });
}

function readNode(node: unknown, position: string, reading: Reading): Iterable<Outcome> {
  if (!isFields(node)) return [reject(position, "malformed", "a node is an object")];
  const message = node["message"];
  if (message === undefined || message === null) return [skip(position, "no-message")];
  if (!isFields(message)) return [reject(position, "malformed", "a message is an object")];
  if (isHidden(message)) return [skip(position, "hidden")];
  return readUtterance(utteranceOf(message), position, reading);
}

function isHidden(message: Fields): boolean {
  const type = textField(fieldsField(message, "content") ?? {}, "content_type");
  return (
    textField(fieldsField(message, "author") ?? {}, "role") === "system" ||
    fieldsField(message, "metadata")?.["is_visually_hidden_from_conversation"] === true ||
    message["weight"] === 0 ||
    message["channel"] === "commentary" ||
    HIDDEN_CONTENT.has(type ?? "")
  );
}

function utteranceOf(message: Fields): Utterance {
  const author = fieldsField(message, "author") ?? {};
  const role = textField(author, "role") ?? "";
  const name = textField(author, "name");
  const id = textField(message, "id");
  const content = fieldsField(message, "content") ?? {};
  const said = content["parts"] ?? content["text"] ?? content["result"];
  const recipient = textField(message, "recipient") ?? "all";
  const calls = role === "assistant" && recipient !== "all";
  return {
    role,
    content: calls ? undefined : said,
    contentField: "content",
    id,
    speaker: name,
    at: timeOf({ create_time: message["create_time"] }),
    beside: calls ? [{ kind: "call", id, name: recipient, input: nestedInput(said) }] : [],
    resultOf: role === "tool" ? { id, name } : undefined,
  };
}

/** What is sent to a tool: JSON text in the first part, or code. */
function nestedInput(said: unknown): unknown {
  const parts: readonly unknown[] = Array.isArray(said) ? said : [said];
  const text = parts.filter((part) => typeof part === "string").join("\n");
  return text === "" ? (nestedText(said) ?? {}) : text;
}
