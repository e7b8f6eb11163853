/**
 * One page of a listing. `cursor` is there while more may follow; it stays valid across writes, for
 * the same query. What is no cursor is refused with `MEMCUBE_INVALID_INPUT`.
 */
export interface Page<T> {
  readonly items: readonly T[];
  readonly cursor?: string;
  /** How many there are in all, for whoever asked; present when it was asked for. */
  readonly total?: number;
}
