import Link from "next/link";

import { chatsOf } from "../lib/memory.ts";
import { currentUser } from "../lib/user.ts";
import { deleteChat } from "./actions.ts";

export default async function Page() {
  const { listChats } = await chatsOf(await currentUser());
  const { items } = await listChats({ limit: 50 });
  return (
    <>
      <p>
        <Link href={`/chat/${crypto.randomUUID()}`}>New chat</Link>
      </p>
      <ul>
        {items.map(({ id, title }) => (
          <li key={id}>
            <Link href={`/chat/${id}`}>{title === "" ? "(no words)" : title}</Link>{" "}
            <form action={deleteChat} style={{ display: "inline" }}>
              <input type="hidden" name="chatId" value={id} />
              <button>Delete</button>
            </form>
          </li>
        ))}
      </ul>
    </>
  );
}
