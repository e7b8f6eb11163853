import type { MessageView } from "../../../flow/index.ts";

/** A view of ten tokens, unless it says otherwise. */
export function view(fields: Partial<MessageView> & Pick<MessageView, "role">): MessageView {
  const { role, text = "" } = fields;
  return { text, asks: role === "user", calls: [], answers: [], tokens: 10, ...fields };
}

export const user = (text = "?") => view({ role: "user", text });
export const says = (text = "!") => view({ role: "assistant", text });
export const system = () => view({ role: "system" });
export const calls = (...ids: string[]) => view({ role: "assistant", calls: ids });
export const answers = (...ids: string[]) => view({ role: "tool", answers: ids });
export const unknown = () => view({ role: undefined });
