/**
 * Content in one reply, in bytes; one memory more may be in it. A page of large memories comes in
 * several replies, so that neither the server's output buffer nor other clients feel it.
 */
export const REPLY_BYTES = 2 * 1_048_576;

/** Memories a script looks at before it answers: some two milliseconds of the server's one thread. */
export const LOOKS = 1_000;

/** Versions or memories that one call destroys: as above, each costs several commands. */
export const PURGE_SLICE = 250;
