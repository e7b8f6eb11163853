import { cookies } from "next/headers";

export const USER_COOKIE = "user";

/** Who is here. A demo believes a cookie; take the user of your session instead. */
export async function currentUser(): Promise<string> {
  return (await cookies()).get(USER_COOKIE)?.value ?? "ada";
}
