/** Stored text as JSON, to be checked; `undefined` for what is none: then it can't be read as a memory either. */
export function parsedJson(content: string): unknown {
  try {
    return JSON.parse(content);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
