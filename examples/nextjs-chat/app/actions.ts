"use server";

import { revalidatePath } from "next/cache";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { z } from "zod";

import { chatsOf, memoriesOf, sessionOf } from "../lib/memory.ts";
import { currentUser, USER_COOKIE } from "../lib/user.ts";

const field = (form: FormData, name: string, schema: z.ZodType<string>) =>
  schema.parse(form.get(name));
const name = z.string().regex(/^[\w.@-]{1,64}$/);
const id = z.string().min(1);

export async function changeUser(form: FormData): Promise<void> {
  (await cookies()).set(USER_COOKIE, field(form, "user", name), { httpOnly: true });
  redirect("/");
}

/** What was said wrong or has changed; the old words stay in the memory's history. */
export async function correctMemory(form: FormData): Promise<void> {
  const session = await sessionOf(await currentUser());
  const [correct] = session.tools({ only: ["correct_memory"] });
  await correct?.execute({ id: field(form, "id", id), text: field(form, "text", z.string()) });
  revalidatePath("/memory");
}

/** No later answer will know of these. */
export async function forgetMemories(form: FormData): Promise<void> {
  const cube = await memoriesOf(await currentUser());
  const ids = form.getAll("id").map((each) => id.parse(each));
  // A button pressed twice finds nothing left to forget.
  for (const { header } of await cube.getMany(ids)) await cube.forget(header.id);
  revalidatePath("/memory");
}

/** A chat and all that was remembered of it, destroyed with its history. */
export async function deleteChat(form: FormData): Promise<void> {
  const user = await currentUser();
  const chatId = field(form, "chatId", id);
  await (await chatsOf(user)).deleteChat(chatId);
  const cube = await memoriesOf(user);
  const { items } = await cube.list({ sessionId: chatId, limit: 1_000 });
  if (items.length > 0) await cube.erase(items.map(({ header }) => header.id));
  revalidatePath("/");
}
