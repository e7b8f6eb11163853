/** Signs the seals of a log, so that who can rewrite the storage still can't forge its history. */
export interface Signer {
  readonly keyId: string;
  sign(data: Uint8Array): Promise<Uint8Array>;
  /** False for a signature of another key or other data. */
  verify(data: Uint8Array, signature: Uint8Array): Promise<boolean>;
}
