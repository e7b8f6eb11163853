/** Neighbour rows of a session lend at most this many terms: uncapped, long turns drown their short neighbours. */
export const NEIGHBOUR_CAP = 15;

/** What the rows one and two places away count, in tenths of an own term. */
export const NEIGHBOUR_TENTHS = [3, 1] as const;

/**
 * The weights of a ranking. Measured on conversations, user-assistant chats, documents and fact lists; each is worth
 * what `test/bench/locomo` shows when it is left out.
 */
export interface Ranking {
  /** BM25 (Robertson and Zaragoza 2009): saturation of repetitions, and how much long rows are held back. */
  readonly k1: number;
  readonly b: number;
  /** Weight of the session's own BM25 score, which lifts turns of the session that is about the matter. */
  readonly session: number;
  /** Weight of the scores of the turns around a row, which lifts the stretch of talk that is about the matter. */
  readonly stretch: number;
  /** Shares of a question turn's score that go to the turn that answers it: of its own words, and of the whole. */
  readonly answer: number;
  readonly answerAround: number;
  /** Share of the next turn's score, for what prepares an answer. */
  readonly follow: number;
  /** Two query words side by side in the row, as a share of their idf. */
  readonly bigram: number;
  /** Factors are 1 + x. */
  readonly speaker: number;
  readonly role: number;
  readonly time: number;
  readonly date: number;
  readonly preference: number;
  /** For the last of the candidates, less for earlier ones, where the question asks for what is so now. */
  readonly current: number;
  /** For rows with a number where one is asked for ("how many"), and rows with a code where one is ("serial number"). */
  readonly number: number;
  readonly code: number;
  /** Share that a row without content of its own ("Thank you so much!") keeps of what the turns around it lend. */
  readonly slight: number;
  /** Factor for rows whose validity is over or yet to come. */
  readonly outdated: number;
  /** A word related to one of the query ("kid" for "child") counts this share of a word of its own. */
  readonly related: number;
  /** When several things are asked for, rows of a session that has a hit already lose this share per hit. */
  readonly spread: number;
  /**
   * Weight of the vectors at full trust, against 1 for the words. Modest, because hashed n-grams are trusted as much as a
   * real model and cost 1 point at 0.6; with a model known to be good, 0.8 finds more.
   */
  readonly vector: number;
}

export const RANKING: Ranking = {
  k1: 0.6,
  b: 0.8,
  session: 0.2,
  stretch: 0.2,
  answer: 0.3,
  answerAround: 0.15,
  follow: 0.1,
  bigram: 0.3,
  speaker: 0.8,
  role: 3,
  time: 0.7,
  date: 1.5,
  preference: 2,
  current: 0.3,
  number: 0.6,
  code: 0.5,
  slight: 0.6,
  outdated: 0.6,
  related: 0.3,
  spread: 0.08,
  vector: 0.45,
};
