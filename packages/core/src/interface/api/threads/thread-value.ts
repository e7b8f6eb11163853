/**
 * What an adapter gives the threads API to keep: JSON, and bytes anywhere in it. What else a framework
 * knows (dates, maps, messages) its adapter writes in these terms.
 */
export type ThreadValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | readonly ThreadValue[]
  | { readonly [key: string]: ThreadValue };
