import type { MemCube, ResolvedScope } from "@memcube/core";
import { BaseStore, type Operation, type OperationResults } from "@langchain/langgraph-checkpoint";

import { StoreCubes } from "./store-cubes.ts";
import {
  namespaceOf,
  readOperation,
  type Get,
  type Put,
  type StoreOperation,
} from "./store-operation.ts";
import {
  parseStoreOptions,
  type MemCubeStoreOptions,
  type ParsedStoreOptions,
} from "./store-options.ts";
import { getItems, listNamespaces, searchItems } from "./store-reads.ts";
import { putItems } from "./store-writes.ts";

/** An operation with its place in the batch. */
type Placed = StoreOperation & { readonly at: number };

/** The operations of a batch that concern one cube. */
interface Share {
  readonly scope: ResolvedScope;
  readonly operations: Placed[];
}

/**
 * LangGraph's long-term store on the memories of a cube: an item is a memory with a JSON value and a path,
 * versioned, in the log, found by `cube.search` and by the other adapters, seen by those who may see it.
 * For `createAgent({ store })` and `graph.compile({ store })`.
 *
 * Everything happens in `batch`, which is all that a graph calls: reads see what was there before the
 * writes of the same batch, as in `InMemoryStore`.
 */
export class MemCubeStore extends BaseStore {
  readonly #options: ParsedStoreOptions;
  readonly #cubes: StoreCubes;

  /** @throws MemCubeError `MEMCUBE_INVALID_INPUT` */
  constructor(options: MemCubeStoreOptions) {
    super();
    this.#options = parseStoreOptions(options);
    this.#cubes = new StoreCubes(this.#options);
  }

  /**
   * Runs operations; their results in the same order.
   *
   * @throws MemCubeError `MEMCUBE_INVALID_INPUT` (nothing is done), and what the cube's operations raise
   */
  async batch<Operations extends readonly Operation[]>(
    operations: Operations,
  ): Promise<OperationResults<Operations>> {
    const placed = operations.map((raw, at): Placed => ({ ...readOperation(raw), at }));
    const shares = await this.#sharesOf(placed);
    const results: unknown[] = operations.map(() => undefined);
    await Promise.all(shares.map((share) => this.#read(share, results)));
    await Promise.all(shares.map((share) => this.#write(share)));
    return results as OperationResults<Operations>;
  }

  async #sharesOf(operations: readonly Placed[]): Promise<readonly Share[]> {
    const shares = new Map<string, Share>();
    for (const operation of operations) {
      const scope = await this.#cubes.scopeOf(namespaceOf(operation));
      const key = JSON.stringify(scope);
      const share = shares.get(key) ?? { scope, operations: [] };
      share.operations.push(operation);
      shares.set(key, share);
    }
    return [...shares.values()];
  }

  async #read({ scope, operations }: Share, results: unknown[]): Promise<void> {
    const gets = operations.filter((operation) => operation.kind === "get");
    const others = operations.filter(({ kind }) => kind === "search" || kind === "list");
    for (const { at } of gets) results[at] = null;
    for (const { at } of others) results[at] = [];
    if (gets.length + others.length === 0) return;
    await this.#cubes.use(scope, "read", async (cube) => {
      await Promise.all([
        this.#get(cube, gets, results),
        ...others.map(async (operation) => {
          results[operation.at] = await this.#find(cube, operation);
        }),
      ]);
    });
  }

  async #get(
    cube: MemCube,
    gets: readonly { readonly at: number; readonly operation: Get }[],
    results: unknown[],
  ): Promise<void> {
    const wanted = gets.map(({ operation }) => operation);
    const items = await getItems(cube, wanted, this.#options);
    for (const [i, { at }] of gets.entries()) results[at] = items[i];
  }

  async #find(cube: MemCube, operation: StoreOperation): Promise<unknown> {
    if (operation.kind === "search") {
      return await searchItems(cube, operation.operation, this.#options);
    }
    return operation.kind === "list" ? await listNamespaces(cube, operation.operation) : undefined;
  }

  async #write({ scope, operations }: Share): Promise<void> {
    const puts = operations.flatMap(({ kind, operation }): Put[] =>
      kind === "put" ? [operation] : [],
    );
    if (puts.length === 0) return;
    await this.#cubes.use(scope, "write", async (cube) => {
      await putItems(cube, puts, this.#options, scope.sessionId);
    });
  }
}
