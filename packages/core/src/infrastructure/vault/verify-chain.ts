import { createHash } from "node:crypto";

import { commitBodySchema, type CommitBody, type Position, type Seal } from "../../flow/index.ts";
import { LIMITS } from "../../limits.ts";
import { sha256Hex, type CubeRef } from "../../memory/index.ts";
import type { LogEntry, Vault } from "../../ports/index.ts";
import { extendRoot, FIRST_ROOT, sealBytes } from "./seal.ts";
import type { VerifyOptions, VerifyProblem } from "./verify-report.ts";

interface ChainOptions extends VerifyOptions {
  /** The log was archived up to here before its seals were read. */
  readonly archivedTo?: number;
}

/** Walks the log once, checking digests, order, links, time and seals. */
export class ChainCheck {
  commits = 0;
  sealedTo = 0;
  readonly #vault: Vault;
  readonly #ref: CubeRef;
  readonly #position: Position;
  readonly #options: ChainOptions;
  readonly #problems: VerifyProblem[];
  readonly #seals: Seal[] = [];
  #seal = 0;
  #seq = 0;
  #at = 0;
  #head = "";
  #root = FIRST_ROOT;
  #expectSeen: boolean;
  #firstUnsealedAt: number | undefined;

  constructor(
    vault: Vault,
    ref: CubeRef,
    position: Position,
    options: ChainOptions,
    problems: VerifyProblem[],
  ) {
    this.#vault = vault;
    this.#ref = ref;
    this.#position = position;
    this.#options = options;
    this.#problems = problems;
    this.#expectSeen = options.expect === undefined;
  }

  async loadSeals(): Promise<void> {
    for (;;) {
      const afterSeq = this.#seals.at(-1)?.toSeq ?? 0;
      const page = await this.#vault.seals(this.#ref, { afterSeq, limit: LIMITS.pageRows });
      this.#seals.push(...page);
      if (page.length < LIMITS.pageRows) return;
    }
  }

  /** Checks one commit; returns its body when that can be read. */
  async next(entry: LogEntry): Promise<CommitBody | undefined> {
    const { seq } = entry;
    this.#missing(this.#seq + 1, seq - 1);
    if (seq <= this.#seq) this.#problems.push({ code: "link-broken", seq });
    if (sha256Hex(entry.body) !== entry.digest) {
      this.#problems.push({ code: "commit-altered", seq });
    }
    if (linkOf(this.#vault.capabilities.linkHash, this.#head, entry) !== entry.head) {
      this.#problems.push({ code: "link-broken", seq });
    }
    if (entry.at < this.#at) this.#problems.push({ code: "time-goes-back", seq });
    this.commits++;
    this.#seq = seq;
    this.#at = entry.at;
    this.#head = entry.head;
    this.#root = extendRoot(this.#root, entry);
    this.#checkExpected(entry);
    await this.#checkSeal(seq);
    if (this.sealedTo >= seq) this.#firstUnsealedAt = undefined;
    else this.#firstUnsealedAt ??= entry.at;
    return this.#body(entry);
  }

  end(): void {
    const { seq, head } = this.#position;
    this.#missing(this.#seq + 1, seq);
    if (this.#seq === seq && this.#head !== head) {
      this.#problems.push({ code: "head-mismatch", seq });
    }
    const left = this.#seals[this.#seal];
    if (left !== undefined && left.toSeq <= seq) {
      this.#problems.push({ code: "seal-altered", seq: left.toSeq });
    }
    this.#checkSealed();
    if (!this.#expectSeen) this.#problems.push({ code: "position-not-in-log" });
  }

  /** A gap is told commit by commit as far as that helps anybody. */
  #missing(from: number, to: number): void {
    for (let seq = from; seq <= Math.min(to, from + LIMITS.pageRows); seq++) {
      this.#problems.push({ code: "commit-missing", seq });
    }
  }

  /** Commits are sealed before they are archived, and soon: see `VerifyProblem`. */
  #checkSealed(): void {
    const { archivedTo = 0 } = this.#options;
    if (archivedTo > this.sealedTo) {
      this.#problems.push({ code: "archived-unsealed", seq: this.sealedTo + 1 });
    }
    const unsealedMs = this.#at - (this.#firstUnsealedAt ?? this.#at);
    const unsealed = this.#seq - this.sealedTo;
    if (unsealed > LIMITS.sealCommits && unsealedMs > LIMITS.sealOverdueMs) {
      this.#problems.push({ code: "seal-overdue", seq: this.sealedTo + 1 });
    }
  }

  #checkExpected(entry: LogEntry): void {
    const { expect } = this.#options;
    if (expect?.seq !== entry.seq) return;
    this.#expectSeen = expect.head === entry.head && expect.epoch === this.#position.epoch;
  }

  async #checkSeal(seq: number): Promise<void> {
    const seal = this.#seals[this.#seal];
    if (seal === undefined || seal.toSeq > seq) return;
    const from = (this.#seals[this.#seal - 1]?.toSeq ?? 0) + 1;
    this.#seal++;
    if (seal.fromSeq !== from || seal.toSeq !== seq) {
      this.#problems.push({ code: "seal-missing", seq: seal.fromSeq });
    }
    if (seal.root !== this.#root) {
      this.#problems.push({ code: "seal-altered", seq: seal.toSeq });
      return;
    }
    await this.#checkSignature(seal);
    this.sealedTo = seal.toSeq;
  }

  async #checkSignature(seal: Seal): Promise<void> {
    const { signer } = this.#options;
    if (signer === undefined) return;
    if (seal.signature === undefined || seal.keyId !== signer.keyId) {
      this.#problems.push({ code: "seal-unsigned", seq: seal.toSeq });
      return;
    }
    const bytes = sealBytes(this.#ref, this.#position.epoch, seal);
    if (!(await signer.verify(bytes, Buffer.from(seal.signature, "base64")))) {
      this.#problems.push({ code: "signature-invalid", seq: seal.toSeq });
    }
  }

  #body(entry: LogEntry): CommitBody | undefined {
    try {
      const body = commitBodySchema.parse(JSON.parse(entry.body));
      if (body.tenantId !== this.#ref.tenantId || body.cubeId !== this.#ref.cubeId) {
        this.#problems.push({ code: "commit-foreign", seq: entry.seq });
      }
      return body;
    } catch {
      this.#problems.push({ code: "commit-unreadable", seq: entry.seq });
      return undefined;
    }
  }
}

/** The head after a commit, as every storage links it (see `VaultCapabilities.linkHash`). */
function linkOf(
  hash: "sha256" | "sha1",
  previousHead: string,
  entry: Pick<LogEntry, "seq" | "at" | "digest">,
): string {
  return createHash(hash)
    .update(`${previousHead}\n${entry.seq}\n${entry.at}\n${entry.digest}`)
    .digest("hex");
}
