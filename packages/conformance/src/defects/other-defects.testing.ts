import type { BlobStore, Threads, Topic, Usage } from "@memcube/core";
import { cubeKey, LIMITS, sha256Hex } from "@memcube/core";
import type { MemoryStorage } from "@memcube/core/testing";

import { type Defect, nextTurn } from "./defect.testing.ts";

type Make<Port> = (right: MemoryStorage) => Partial<Port>;

const threadsDefect = (name: string, make: Make<Threads>): Defect => ({
  port: "threads",
  name,
  breakIt: (right) => ({ threads: make(right) }),
});
const topicDefect = (name: string, make: Make<Topic>): Defect => ({
  port: "topic",
  name,
  breakIt: (right) => ({ topic: make(right) }),
});
const blobsDefect = (name: string, make: Make<BlobStore>): Defect => ({
  port: "blobs",
  name,
  breakIt: (right) => ({ blobs: make(right) }),
});
const usageDefect = (name: string, make: Make<Usage>): Defect => ({
  port: "usage",
  name,
  breakIt: (right) => ({ usage: make(right) }),
});

export const threadsDefects: readonly Defect[] = [
  threadsDefect("chunks are found by hash in any thread", ({ threads, data }) => ({
    put: (ref, step) => {
      const foreign = [...data.threads.values()].flatMap(({ chunks }) => [...chunks.values()]);
      return threads.put(ref, { ...step, chunks: [...foreign, ...step.chunks] });
    },
  })),
  threadsDefect("chunks that chunks need are left out", ({ threads }) => ({
    get: async (ref, query) => {
      const found = await threads.get(ref, query);
      const direct = new Set([found?.checkpoint, ...(found?.writes ?? [])].flatMap(hashesOf));
      const chunks = [...(found?.chunks ?? [])].filter(([hash]) => direct.has(hash));
      return found && { ...found, chunks: new Map(chunks) };
    },
  })),
  threadsDefect("a lineage goes by id, not by parent", ({ threads }) => ({
    lineage: async (ref, { id, ...query }) => {
      const page = await threads.list(ref, query);
      const items = page.items.filter(({ checkpoint }) => checkpoint.id <= id);
      return { ...page, items };
    },
  })),
  threadsDefect("owners are not told apart", ({ threads }) => {
    const anybody = { owner: "everyone" } as const;
    return {
      put: (ref, step) => threads.put({ ...ref, ...anybody }, step),
      list: (ref, query) => threads.list({ ...ref, ...anybody }, query),
    };
  }),
  threadsDefect("a replaced checkpoint loses its pending writes", ({ threads, data }) => ({
    put: async (ref, step) => {
      await threads.put(ref, step);
      for (const { writes } of data.threads.values()) writes.clear();
    },
  })),
  threadsDefect("writes of the same index are added", ({ threads, data }) => ({
    putWrites: async (ref, step) => {
      const before = structuredClone(
        [...data.threads.values()].flatMap(({ writes }) => [...writes]),
      );
      await threads.putWrites(ref, step);
      for (const { writes } of data.threads.values()) {
        for (const [key, old] of before) writes.set(key, [...old, ...(writes.get(key) ?? [])]);
      }
    },
  })),
  threadsDefect("a checkpoint without its chunks is taken", ({ threads }) => ({
    put: (ref, step) =>
      threads.put(ref, { ...step, checkpoint: { ...step.checkpoint, chunks: [] } }),
  })),
  threadsDefect("deleting a checkpoint takes shared chunks", ({ threads, data }) => ({
    deleteCheckpoints: async (ref, checkpoints) => {
      await threads.deleteCheckpoints(ref, checkpoints);
      for (const { chunks } of data.threads.values()) chunks.clear();
    },
  })),
  threadsDefect("deleting a checkpoint leaves its chunks", ({ data }) => ({
    deleteCheckpoints: async (ref, checkpoints) => {
      const thread = data.threads.get(JSON.stringify([ref.tenantId, ref.owner, ref.threadId]));
      for (const { namespace, id } of checkpoints) {
        thread?.checkpoints.delete(JSON.stringify([namespace, id]));
        thread?.writes.delete(JSON.stringify([namespace, id]));
      }
    },
  })),
  threadsDefect("before means up to", ({ threads }) => ({
    list: (ref, { before, ...query }) =>
      threads.list(ref, before === undefined ? query : { ...query, before: `${before}\u0001` }),
  })),
  threadsDefect("namespaces are prefixes", ({ threads }) => ({
    list: async (ref, { namespace, ...query }) => {
      const page = await threads.list(ref, query);
      const items = page.items.filter((one) =>
        one.checkpoint.namespace.startsWith(namespace ?? ""),
      );
      return { ...page, items };
    },
  })),
  threadsDefect("expired threads stay until they are swept", ({ threads }) => ({
    get: (ref, query) => threads.get(ref, { ...query, now: 0 }),
  })),
  threadsDefect("every put clears or sets the expiry", ({ threads }) => ({
    put: (ref, step) => threads.put(ref, { ...step, expiresAt: step.expiresAt ?? Infinity }),
  })),
  threadsDefect("a sweep is one tenant's", ({ threads, data }) => ({
    sweep: async (now) => {
      const [first] = data.threads.keys();
      const others = [...data.threads].filter(([key]) => key !== first);
      const count = await threads.sweep(now);
      for (const [key, thread] of others) data.threads.set(key, thread);
      return Math.min(count, 1);
    },
  })),
  threadsDefect("the cursor of threads is a time alone", ({ threads }) => ({
    threads: async (query) => {
      const { cursor, ...rest } = query;
      const all = await threads.threads({ ...rest, limit: 1_000 });
      const older = all.items.filter(
        ({ updatedAt }) => cursor === undefined || updatedAt < Number(cursor),
      );
      const items = older.slice(0, query.limit);
      return older.length > items.length
        ? { items, cursor: String(items.at(-1)?.updatedAt) }
        : { items };
    },
  })),
];

export const topicDefects: readonly Defect[] = [
  topicDefect("acknowledged messages come again", () => ({ acknowledge: async () => undefined })),
  topicDefect("groups are one", ({ topic }) => ({
    read: (ref, query) => topic.read(ref, { ...query, group: "all" }),
  })),
  topicDefect("each consumer reads for itself", ({ topic }) => ({
    read: (ref, query) => topic.read(ref, { ...query, group: `${query.group} ${query.consumer}` }),
  })),
  topicDefect("what was not acknowledged is lost", ({ topic }) => ({
    read: (ref, query) => topic.read(ref, { ...query, visibleMs: Infinity }),
  })),
  topicDefect("a new group starts at the end", ({ topic, data }) => ({
    read: async (ref, query) => {
      const row = data.topics.get(JSON.stringify([ref.tenantId, ref.name]));
      if (row !== undefined && row.groups.size > 0 && !row.groups.has(query.group)) {
        row.groups.set(query.group, { lastId: row.nextId - 1, pending: new Map() });
      }
      return topic.read(ref, query);
    },
  })),
  topicDefect("topics of a name are every tenant's", ({ topic }) => ({
    read: (ref, query) => topic.read({ ...ref, tenantId: "all" }, query),
    publish: (ref, ...rest) => topic.publish({ ...ref, tenantId: "all" }, ...rest),
    acknowledge: (ref, ...rest) => topic.acknowledge({ ...ref, tenantId: "all" }, ...rest),
  })),
  topicDefect("a topic grows without end", ({ topic, data }) => ({
    publish: async (ref, values, now) => {
      const key = JSON.stringify([ref.tenantId, ref.name]);
      const before = data.topics.get(key)?.messages ?? [];
      const ids = await topic.publish(ref, values, now);
      const row = data.topics.get(key);
      if (row !== undefined) row.messages = [...before, ...row.messages.slice(-values.length)];
      return ids;
    },
  })),
];

export const blobsDefects: readonly Defect[] = [
  blobsDefect("blobs are not scoped to tenants", ({ blobs }) => ({
    put: (_tenantId, bytes) => blobs.put("everyone", bytes),
    get: (_tenantId, hash) => blobs.get("everyone", hash),
    has: (_tenantId, hash) => blobs.has("everyone", hash),
    delete: (_tenantId, hash) => blobs.delete("everyone", hash),
    list: (_tenantId, query) => blobs.list("everyone", query),
  })),
  blobsDefect("damaged bytes are handed out", ({ data }) => ({
    get: async (tenantId, hash) => data.blobs.get(tenantId)?.get(hash),
  })),
  blobsDefect("a damaged blob reads as if it were not there", ({ blobs }) => ({
    get: (tenantId, hash) => blobs.get(tenantId, hash).catch(() => undefined),
  })),
  blobsDefect("bytes are kept by reference", ({ data }) => ({
    put: async (tenantId, bytes) => {
      const hash = sha256Hex(bytes);
      const held = data.blobs.get(tenantId) ?? new Map<string, Uint8Array>();
      data.blobs.set(tenantId, held.set(hash, bytes));
      return { hash, sizeBytes: bytes.length };
    },
  })),
  blobsDefect("a view is stored with all of its buffer", ({ blobs }) => ({
    put: (tenantId, bytes) => blobs.put(tenantId, new Uint8Array(bytes.buffer)),
  })),
  blobsDefect("hashes are listed from the one given on", ({ blobs }) => ({
    list: async (tenantId, { after, limit }) =>
      (await blobs.list(tenantId, { limit: 1_000 }))
        .filter((hash) => after === undefined || hash >= after)
        .slice(0, limit),
  })),
  blobsDefect("large blobs are cut", ({ blobs }) => ({
    get: async (tenantId, hash) => (await blobs.get(tenantId, hash))?.subarray(0, 16 * 1_048_576),
  })),
];

export const usageDefects: readonly Defect[] = [
  usageDefect("increments replace each other", ({ usage, data }) => ({
    add: async (increments) => {
      for (const { cube, id } of increments) data.usage.get(cubeKey(cube))?.delete(id);
      await usage.add(increments);
    },
  })),
  usageDefect("counters are read, and written a moment later", ({ usage, data }) => ({
    add: async (increments) => {
      for (const { cube, id, at, ...more } of increments) {
        const old = (await usage.get(cube, [id])).get(id) ?? { reads: 0, injections: 0, uses: 0 };
        await nextTurn();
        const counters = data.usage.get(cubeKey(cube)) ?? new Map();
        data.usage.set(cubeKey(cube), counters);
        counters.set(id, {
          reads: old.reads + (more.reads ?? 0),
          injections: old.injections + (more.injections ?? 0),
          uses: old.uses + (more.uses ?? 0),
          lastUsedAt: Math.max(at, old.lastUsedAt ?? at),
        });
      }
    },
  })),
  usageDefect("the last time wins, not the latest", ({ usage, data }) => ({
    add: async (increments) => {
      await usage.add(increments);
      for (const { cube, id, at } of increments) {
        const counters = data.usage.get(cubeKey(cube));
        const view = counters?.get(id);
        if (view !== undefined) counters?.set(id, { ...view, lastUsedAt: at });
      }
    },
  })),
  usageDefect("counters are every tenant's", ({ usage }) => ({
    add: (increments) =>
      usage.add(increments.map((one) => ({ ...one, cube: { ...one.cube, tenantId: "all" } }))),
    get: (cube, ids) => usage.get({ ...cube, tenantId: "all" }, ids),
  })),
  usageDefect("every counter asked for is there", ({ usage }) => ({
    get: async (cube, ids) => {
      const found = await usage.get(cube, ids);
      const none = { reads: 0, injections: 0, uses: 0 };
      return new Map(ids.map((id) => [id, found.get(id) ?? none]));
    },
  })),
];

export const storageDefects: readonly Defect[] = [
  {
    port: "storage",
    name: "it prefers commits that are larger than a commit may be",
    breakIt: ({ vault }) => ({
      vault: { capabilities: { ...vault.capabilities, batchWrites: LIMITS.commitWrites + 1 } },
    }),
  },
  {
    port: "storage",
    name: "closing does nothing",
    breakIt: () => ({ close: async () => undefined }),
  },
  {
    port: "storage",
    name: "one port goes on after closing",
    breakIt: ({ data }) => ({
      blobs: { has: async (tenantId, hash) => data.blobs.get(tenantId)?.has(hash) ?? false },
    }),
  },
  {
    port: "storage",
    name: "closing twice fails",
    breakIt: (right) => {
      let closed = false;
      return {
        close: async () => {
          if (closed) throw new Error("closed before");
          closed = true;
          await right.close();
        },
      };
    },
  },
  {
    port: "storage",
    name: "leases are forgotten when it is closed",
    breakIt: (right) => ({
      close: async () => {
        for (const task of right.data.queue.tasks.values()) task.state = "waiting";
        await right.close();
      },
    }),
  },
  {
    port: "storage",
    name: "idempotency keys are forgotten when it is closed",
    breakIt: (right) => ({
      close: async () => {
        for (const { receipts } of right.data.cubes.values()) receipts.clear();
        await right.close();
      },
    }),
  },
  {
    port: "storage",
    name: "messages are lost when it is closed",
    breakIt: (right) => ({
      close: async () => {
        right.data.topics.clear();
        await right.close();
      },
    }),
  },
];

function hashesOf(one: { readonly chunks: readonly string[] } | undefined): readonly string[] {
  return one?.chunks ?? [];
}
