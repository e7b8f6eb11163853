import type { Retrieval, SearchOptions } from "@memcube/core";

import { cutTo } from "../columns.ts";
import { command } from "../command.ts";
import type { Context } from "../context.ts";
import { describeReasons } from "../describe-reasons.ts";
import { payloadText, provenanceOf } from "../describe-memory.ts";
import { usageError } from "../failure.ts";
import { counted, formatDuration } from "../format-values.ts";
import { moment, wholeNumber } from "../parse-arguments.ts";
import { oneLine, plainText } from "../plain-text.ts";

/** More than this of a hit is read with `memcube show`. */
const SHOWN_CELLS = 300;

export const searchCommand = command({
  name: "search",
  summary: "find the memories that answer a question",
  usage: "QUESTION",
  arguments: { min: 1, max: 1 },
  options: {
    cube: {
      type: "string",
      multiple: true,
      value: "ID",
      about: "cube to search (default: your own); several are searched as one",
    },
    limit: { type: "string", value: "N", about: "how many hits (default: 10)" },
    budget: { type: "string", value: "TOKENS", about: "as many hits as fit so many tokens" },
    text: { type: "boolean", about: "only the text for a prompt" },
    session: { type: "string", value: "ID", about: "only what was said in this session" },
    type: { type: "string", multiple: true, value: "TYPE", about: "only memories of this type" },
    tag: { type: "string", multiple: true, value: "NAME", about: "only memories with this tag" },
    from: { type: "string", value: "TIME", about: "only from then on: 2024-05-01, 7d" },
    to: { type: "string", value: "TIME", about: "only before then" },
    at: { type: "string", value: "TIME", about: "the cube as it was then" },
  },
  examples: [
    { line: 'search "Where do I live?"', about: "the best ten" },
    { line: 'search "diet" --budget 512 --text', about: "text to put into a prompt" },
    { line: 'search "release date" --cube user:ada --cube team', about: "two cubes as one" },
    { line: 'search "address" --at 2024-05-01', about: "what was known then" },
  ],
  details:
    "Prints each hit with where it comes from and why it was found. --json prints the whole " +
    "retrieval: hits, text for a prompt, tokens, confidence and the positions searched.",
  run: async (context, { values, arguments: [question = ""] }) => {
    const now = context.now();
    const limit = wholeNumber(values.limit, "--limit", { min: 1, max: 1_000 });
    const budget = wholeNumber(values.budget, "--budget", { min: 1, max: 1_000_000 });
    const from = moment(values.from, "--from", now);
    const to = moment(values.to, "--to", now);
    const at = moment(values.at, "--at", now);
    const cubes = values.cube ?? [context.database.ownCube];
    if (at !== undefined && cubes.length > 1) throw usageError("--at goes with one cube.");
    const options: SearchOptions = {
      signal: context.signal,
      ...(limit === undefined ? {} : { limit }),
      ...(budget === undefined ? {} : { budgetTokens: budget }),
      ...(values.session === undefined ? {} : { sessionId: values.session }),
      ...(values.type === undefined ? {} : { types: [...values.type] }),
      ...(values.tag === undefined ? {} : { tags: [...values.tag] }),
      ...(from === undefined ? {} : { from }),
      ...(to === undefined ? {} : { to }),
    };
    const place = await placeOf(context, cubes, at);
    const started = performance.now();
    const found = await place.search(question, options);
    const ms = performance.now() - started;
    if (context.json) context.out.json({ ...found, ms });
    else if (values.text === true) printText(context, found);
    else printHits(context, found, ms);
    return undefined;
  },
});

interface Searchable {
  search(query: string, options: SearchOptions): Promise<Retrieval>;
}

/** One cube, several as one, or one as it was. */
async function placeOf(
  { database }: Context,
  cubes: readonly string[],
  at: number | undefined,
): Promise<Searchable> {
  const { me } = await database.open();
  const [first, ...others] = cubes;
  if (others.length > 0) return await me.view(cubes);
  const cube = await database.cube(first);
  return at === undefined ? cube : await cube.at(at);
}

function printText({ out }: Context, { text }: Retrieval): void {
  if (text !== "") out.line(plainText(text));
}

function printHits({ out, notes, quiet }: Context, found: Retrieval, ms: number): void {
  const { hits, tokens, confidence } = found;
  const cubes = Object.keys(found.positions).length;
  for (const [index, { memory, score, why }] of hits.entries()) {
    if (quiet) {
      out.line(memory.header.id);
      continue;
    }
    const cube = cubes > 1 ? ` · ${oneLine(memory.header.cubeId)}` : "";
    const rank = `${index + 1}.`.padEnd(3);
    const reasons = describeReasons(why);
    const text = cutTo(oneLine(payloadText(memory.payload)), SHOWN_CELLS);
    out.line(`${rank} ${out.style("bold", text)}`);
    out.line(out.style("dim", `    ${provenanceOf(memory)}${cube}`));
    out.line(out.style("dim", `    ${memory.header.id} · score ${score.toFixed(2)} (${reasons})`));
  }
  if (hits.length === 0) notes.note("Nothing found.");
  else {
    const what = `${counted(hits.length, "hit")} in ${formatDuration(ms)}`;
    notes.note(`${what}, confidence ${confidence.toFixed(2)}, ${counted(tokens, "token")} as text`);
  }
}
