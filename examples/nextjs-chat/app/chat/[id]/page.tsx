import type { UIMessage } from "ai";

import { chatsOf } from "../../../lib/memory.ts";
import { currentUser } from "../../../lib/user.ts";
import { Chat } from "./chat.tsx";

export default async function Page({ params }: { readonly params: Promise<{ id: string }> }) {
  const { id } = await params;
  const user = await currentUser();
  const messages = await (await chatsOf(user)).loadChat<UIMessage>(id);
  return <Chat key={`${user}/${id}`} id={id} messages={messages} />;
}
