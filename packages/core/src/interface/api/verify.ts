import {
  verifyCube,
  type VerifyOptions,
  type VerifyReport,
} from "../../infrastructure/vault/index.ts";
import type { OpenCube } from "./context.ts";
import { enter } from "./cube-access.ts";

/** Options of a verification. */
export type CubeVerifyOptions = Omit<VerifyOptions, "signer">;

/**
 * Recomputes the cube's log, links, seals and versions and reports everything that does not agree. For
 * the owner of the cube.
 */
export async function verify(
  cube: OpenCube,
  options: CubeVerifyOptions = {},
): Promise<VerifyReport> {
  const { context, ref } = cube;
  const { position } = await enter(cube, "log.read");
  const { signer } = context;
  return await verifyCube(context.storage, ref, position, {
    ...options,
    ...(signer === undefined ? {} : { signer }),
  });
}
