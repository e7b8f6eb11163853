import Link from "next/link";
import type { ReactNode } from "react";

import { currentUser } from "../lib/user.ts";
import { changeUser } from "./actions.ts";
// oxlint-disable-next-line import/no-unassigned-import -- how Next.js takes a style sheet
import "./style.css";

export const metadata = { title: "Chat with memory" };

export default async function Layout({ children }: { readonly children: ReactNode }) {
  const user = await currentUser();
  return (
    <html lang="en">
      <body>
        <header>
          <nav>
            <Link href="/">Chats</Link> <Link href="/memory">What is remembered</Link>
          </nav>
          <form action={changeUser}>
            <label>
              You are <input name="user" defaultValue={user} key={user} size={10} />
            </label>{" "}
            <button>Change</button>
          </form>
        </header>
        <main>{children}</main>
      </body>
    </html>
  );
}
