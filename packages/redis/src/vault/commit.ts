import {
  type CommitReceipt,
  type CommitRequest,
  type ErrorDetails,
  MemCubeError,
} from "@memcube/core";

import type { RedisConnection, Reply } from "../connection/connection.ts";
import { queueKeys } from "../queue/enqueue-arguments.ts";
import { listOf, numberOf, textOf } from "../replies.ts";
import { type CommitOptions, encodeCommit } from "./encode-commit.ts";

export interface Committed {
  readonly receipt: CommitReceipt;
  /** How many processes heard of it, at least. */
  readonly heard: number;
  /** Somebody may see less than before: a header, a class or a whole memory went. */
  readonly narrows: boolean;
}

/**
 * One commit: one script in the cube's slot. Cost: some ten commands and a few for each write, however
 * large the cube and the database are.
 */
export async function commitCube(
  connection: RedisConnection,
  request: CommitRequest,
  options: CommitOptions,
): Promise<Committed | "purging"> {
  refuseReserved(request);
  const { keys } = connection;
  const [outcome, ...rest] = listOf(
    await connection.run(
      "commit-cube",
      [
        keys.cube(request.cube, "meta"),
        keys.cubeFeed(request.cube),
        ...(options.outbox || request.tasks.length === 0 ? [] : queueKeys(keys)),
      ],
      encodeCommit(request, options),
    ),
  );
  switch (textOf(outcome)) {
    case "ok": {
      const receipt = { ...receiptOf(rest), replayed: false, body: request.body };
      return { receipt, heard: numberOf(rest[4]), narrows: numberOf(rest[5]) === 1 };
    }
    case "replayed": {
      const receipt = { ...receiptOf(rest), replayed: true, body: textOf(rest[4]) };
      return { receipt, heard: 0, narrows: false };
    }
    case "purging":
      return "purging";
    default:
      throw refusalOf(textOf(outcome), rest, request.cube.cubeId);
  }
}

function receiptOf([epoch, seq, head, at]: readonly Reply[]) {
  const position = { epoch: textOf(epoch), seq: numberOf(seq), head: textOf(head) };
  return { position, at: numberOf(at) };
}

function refuseReserved({ writes }: CommitRequest): void {
  if (!writes.some((write) => write.op !== "cube" && write.id === "@cube")) return;
  throw new MemCubeError("MEMCUBE_INVALID_INPUT", 'No memory can have the id "@cube".');
}

function refusalOf(outcome: string, rest: readonly Reply[], cubeId: string): MemCubeError {
  switch (outcome) {
    case "exists":
      return new MemCubeError("MEMCUBE_CUBE_EXISTS", "There is a cube of this id.", {
        details: { cubeId },
      });
    case "epoch":
      return new MemCubeError("MEMCUBE_INVALID_INPUT", "A new cube needs an epoch.", {
        details: { cubeId },
      });
    case "conflict": {
      const [id, expected, actual] = rest;
      const details = { id: textOf(id), expected: numberOf(expected), actual: numberOf(actual) };
      return conflict(details);
    }
    case "header":
      return conflict({ id: "@cube", expected: textOf(rest[0]), actual: textOf(rest[1]) });
    case "duplicate":
      return new MemCubeError("MEMCUBE_DUPLICATE_KEY", "Another memory has this external key.", {
        details: { id: textOf(rest[0]) },
      });
    default:
      return cubeNotFound(cubeId);
  }
}

function conflict(details: ErrorDetails): MemCubeError {
  const why = "The expected version is not the current one.";
  return new MemCubeError("MEMCUBE_CONFLICT", why, { details });
}

/** For calls that need a cube. */
export function cubeNotFound(cubeId: string): MemCubeError {
  return new MemCubeError("MEMCUBE_CUBE_NOT_FOUND", "There is no cube of this id.", {
    details: { cubeId },
  });
}
