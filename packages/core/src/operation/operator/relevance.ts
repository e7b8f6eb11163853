import { indexTerms } from "../../text/index.ts";
import { CubeIndex } from "./index/index.ts";

/** Words that text and question must share: a single one is met by chance ("What questions do you have?"). */
const SHARED = 2;

/**
 * How likely it is that a text is about what is asked, 0..1: the confidence of a search in a cube of
 * this text alone; 0 unless they share two words at least.
 */
export function relevanceOf(text: string, question: string, now: number): number {
  const asked = new Set(indexTerms(question));
  const shared = new Set(indexTerms(text).filter((term) => asked.has(term)));
  if (shared.size < SHARED) return 0;
  const index = new CubeIndex();
  const row = { id: "text", version: 1, visibility: "", type: "text", tags: [], entities: [] };
  index.upsert({ ...row, text });
  return index.search({ text: question, limit: 1, permits: () => true, now }).confidence;
}
