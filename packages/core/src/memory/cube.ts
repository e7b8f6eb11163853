import { z } from "zod";

import { LIMITS } from "../limits.ts";
import { idSchema } from "./ref.ts";
import { principalListSchema, principalSchema } from "./principal.ts";

/** Header of a cube: what it is, who may see it and who may write to it. */
export const cubeHeaderSchema = z.strictObject({
  tenantId: idSchema,
  cubeId: idSchema,
  title: z.string().max(1_024).optional(),
  description: z.string().max(65_536).optional(),
  tags: z.array(z.string().min(1).max(LIMITS.idChars)).max(LIMITS.labels),
  createdAt: z.int().min(0),
  updatedAt: z.int().min(0),
  owner: principalSchema,
  /** Who may read beside the owner; memories without a list of their own inherit it. */
  allow: principalListSchema,
  /** Who may not, whatever allows them. */
  deny: principalListSchema,
  /** Who may write beside the owner. Writing does not imply reading. */
  writers: principalListSchema,
});

export type CubeHeader = Readonly<z.infer<typeof cubeHeaderSchema>>;
