import { idSchema } from "../../memory/index.ts";

/** `value` when the model takes it as an id: short, well-formed text without control characters. */
export function usableId(value: unknown): string | undefined {
  const { data } = idSchema.safeParse(value);
  return data?.isWellFormed() === true ? data : undefined;
}
