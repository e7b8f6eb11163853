import type { Memory } from "@memcube/core";

import { memoriesOf } from "../../lib/memory.ts";
import { currentUser } from "../../lib/user.ts";
import { correctMemory, forgetMemories } from "../actions.ts";

interface Props {
  readonly searchParams: Promise<{ q?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const { q = "" } = await searchParams;
  const memories = await found(await currentUser(), q);
  return (
    <>
      <form>
        <input name="q" defaultValue={q} placeholder="Search" aria-label="Search" />
        <button>Search</button>
      </form>
      {memories.map((memory) => (
        <Row key={memory.header.id} memory={memory} />
      ))}
      {memories.length === 0 ? (
        <p>Nothing is remembered{q === "" ? "" : " about that"}.</p>
      ) : (
        <form action={forgetMemories}>
          {memories.map(({ header: { id } }) => (
            <input key={id} type="hidden" name="id" value={id} />
          ))}
          <button name="all">Forget all of these</button>
        </form>
      )}
    </>
  );
}

async function found(user: string, query: string): Promise<readonly Memory[]> {
  const cube = await memoriesOf(user);
  if (query === "") return (await cube.list({ order: "newest", limit: 50 })).items;
  return (await cube.search(query, { limit: 20 })).hits.map(({ memory }) => memory);
}

function Row({ memory: { header, payload } }: { readonly memory: Memory }) {
  const text = "text" in payload ? (payload.text ?? "") : "";
  const who = payload.type === "turn" ? payload.role : header.type;
  const when = new Date(header.updatedAt).toISOString().slice(0, 16).replace("T", " ");
  return (
    <div className="memory">
      <form action={correctMemory}>
        <input type="hidden" name="id" value={header.id} />
        <textarea name="text" defaultValue={text} key={text} aria-label="Memory" rows={1} />
        <button>Correct</button>
      </form>{" "}
      <form action={forgetMemories}>
        <input type="hidden" name="id" value={header.id} />
        <button>Forget</button>
      </form>{" "}
      <span className="note">
        {who} · {when}
      </span>
    </div>
  );
}
