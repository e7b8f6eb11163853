/** Time and ids, injected so that everything above can be tested and replayed. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}

export interface Ids {
  /** A new id, unique for ever: 36 characters, sortable by creation is welcome. */
  id(): string;
  /** 128 bits of randomness as 32 hexadecimal digits. */
  salt(): string;
}
