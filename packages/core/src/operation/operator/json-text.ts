import type { JsonValue } from "../../memory/index.ts";

type JsonObject = { readonly [name: string]: JsonValue };

/** Fields whose name says nothing of what they hold: agents' stores put what they note under these. */
const SAYING = ["text", "content", "memory", "fact", "note", "data"];

/**
 * A value in words, as a person would note it: `{ text: "Ada skis", since: 2020 }` is "Ada skis (since:
 * 2020)", `{ food: { likes: ["rice"] } }` is "food (likes: rice)". Every word that the value or a name in it
 * holds is there, but for names that say nothing; what is empty is left out.
 */
export function jsonText(value: JsonValue): string {
  if (value === null) return "";
  if (typeof value !== "object") return String(value);
  return isList(value) ? joined(value.map(within), ", ") : objectText(value);
}

function objectText(value: JsonObject): string {
  const saying = SAYING.find((name) => Object.hasOwn(value, name) && isSaid(value[name]));
  const said = saying === undefined ? "" : jsonText(value[saying] ?? null);
  const others = Object.entries(value).filter(([name]) => name !== saying);
  const rest = joined(
    others.map(([name, member]) => fieldText(wordsOf(name), member)),
    "; ",
  );
  if (said === "" || rest === "") return said + rest;
  return `${said} (${rest})`;
}

function fieldText(name: string, member: JsonValue): string {
  const text = jsonText(member);
  if (text === "") return "";
  return isNested(member) ? `${name} (${text})` : `${name}: ${text}`;
}

/** An element of a list: an object is kept together. */
function within(element: JsonValue): string {
  const text = jsonText(element);
  return text !== "" && isNested(element) ? `(${text})` : text;
}

/** Whether the text of a value is fields, not words that stand by themselves. */
function isNested(value: JsonValue): boolean {
  if (typeof value !== "object" || value === null || isList(value)) return false;
  return !SAYING.some((name) => Object.hasOwn(value, name) && isSaid(value[name]));
}

function isSaid(value: JsonValue | undefined): boolean {
  if (typeof value === "string") return value.trim() !== "";
  return typeof value === "object" && value !== null && !isList(value) && !isNested(value);
}

/** `favouriteColour` and `favourite_colour` are "favourite colour", as people ask for it. */
function wordsOf(name: string): string {
  const spaced = name.replaceAll(/(\p{Ll}|\p{N})(\p{Lu})/gu, "$1 $2").replaceAll(/[_\s]+/gu, " ");
  return spaced === name ? name : spaced.trim().toLowerCase();
}

function joined(parts: readonly string[], between: string): string {
  return parts.filter((part) => part !== "").join(between);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
