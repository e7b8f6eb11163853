/** What decides how many buffered observations become active. */
export interface ActivationAim {
  /** Tokens of messages at which Mastra observes. */
  readonly messageTokensThreshold: number;
  /** Share of the threshold that should be observed away, 0 to 1. */
  readonly activationRatio: number;
  /** Tokens of messages that are not observed yet. */
  readonly currentPendingTokens: number;
  readonly forceMaxActivation?: boolean;
}

/** Messages that stay unobserved at the least, so that the model sees how it got here. */
const FEWEST_LEFT = 1_000;
/** How far beyond the aim one may go, as a share of what is to stay. */
const OVERSHOOT = 0.95;

/**
 * How many of the oldest buffered chunks become active observations, so that what stays of the messages
 * comes close to what Mastra wants to keep: the boundary just beyond the aim unless that goes too far, else
 * the one before it. At least one.
 *
 * @param messageTokens tokens of the messages behind each chunk, oldest first
 */
export function chooseChunks(messageTokens: readonly number[], aim: ActivationAim): number {
  const kept = aim.messageTokensThreshold * (1 - aim.activationRatio);
  const target = Math.max(0, aim.currentPendingTokens - kept);
  let before = { count: 0, tokens: 0 };
  let beyond: { count: number; tokens: number } | undefined;
  let tokens = 0;
  for (const [place, share] of messageTokens.entries()) {
    tokens += share;
    const boundary = { count: place + 1, tokens };
    if (tokens >= target) {
      if (beyond === undefined || tokens < beyond.tokens) beyond = boundary;
    } else if (tokens > before.tokens) {
      before = boundary;
    }
  }
  if (beyond === undefined) return Math.max(1, before.count);
  const leftEnough = aim.currentPendingTokens - beyond.tokens >= Math.min(FEWEST_LEFT, kept);
  const closeEnough = beyond.tokens - target <= kept * OVERSHOOT;
  if (leftEnough && (closeEnough || aim.forceMaxActivation === true)) return beyond.count;
  return before.count > 0 ? before.count : beyond.count;
}
