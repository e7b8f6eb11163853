import { blobRules } from "./blobs.ts";
import { lifecycleRules } from "./lifecycle.ts";
import { enqueueRules } from "./queue/enqueue.ts";
import { failureRules } from "./queue/failure.ts";
import { leaseRules as taskLeaseRules } from "./queue/lease.ts";
import type { Rule } from "./rule.ts";
import { checkpointRules } from "./threads/checkpoints.ts";
import { pendingWriteRules } from "./threads/pending-writes.ts";
import { threadExpiryRules, threadRules } from "./threads/threads.ts";
import { topicRules } from "./topic.ts";
import { usageRules } from "./usage.ts";
import { candidateRules } from "./vault/candidates.ts";
import { commitRules } from "./vault/commit.ts";
import { compareAndSetRules } from "./vault/compare-and-set.ts";
import { edgeRules } from "./vault/edges.ts";
import { eraseRules } from "./vault/erase.ts";
import { expiryRules } from "./vault/expiry.ts";
import { externalKeyRules } from "./vault/external-keys.ts";
import { hostileRules } from "./vault/hostile.ts";
import { idempotencyRules } from "./vault/idempotency.ts";
import { leaseRules, markRules } from "./vault/leases.ts";
import { limitRules } from "./vault/limits.ts";
import { listingRules } from "./vault/listing.ts";
import { logRules } from "./vault/log.ts";
import { principalRules } from "./vault/principals.ts";
import { sealRules } from "./vault/seals.ts";
import { segmentRules } from "./vault/segments.ts";
import { statsRules } from "./vault/stats.ts";
import { tenantRules } from "./vault/tenants.ts";
import { vectorRules } from "./vault/vectors.ts";
import { versionRules } from "./vault/versions.ts";

/** Every rule of every port. */
export const ALL_RULES: readonly Rule[] = [
  ...lifecycleRules,
  ...commitRules,
  ...compareAndSetRules,
  ...idempotencyRules,
  ...logRules,
  ...versionRules,
  ...tenantRules,
  ...principalRules,
  ...externalKeyRules,
  ...edgeRules,
  ...listingRules,
  ...expiryRules,
  ...vectorRules,
  ...eraseRules,
  ...sealRules,
  ...leaseRules,
  ...markRules,
  ...segmentRules,
  ...candidateRules,
  ...statsRules,
  ...hostileRules,
  ...limitRules,
  ...checkpointRules,
  ...pendingWriteRules,
  ...threadRules,
  ...threadExpiryRules,
  ...enqueueRules,
  ...taskLeaseRules,
  ...failureRules,
  ...topicRules,
  ...blobRules,
  ...usageRules,
];
