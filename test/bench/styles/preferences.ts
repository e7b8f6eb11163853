/** What a user once said about their taste, and a later request that should bring it back though it shares few words. */
export const PREFERENCES: readonly (readonly [said: string, request: string])[] = [
  ["I'm vegetarian and I can't stand mushrooms.", "Can you suggest a dinner recipe for tonight?"],
  [
    "I prefer window seats and always fly in the morning.",
    "Could you recommend flights for my trip to Oslo?",
  ],
  [
    "I love slow-burn mystery novels with an unreliable narrator.",
    "Any book recommendations for my vacation?",
  ],
  ["I avoid horror films, they keep me awake.", "Recommend a movie for this evening."],
  ["I never drink coffee after two, it ruins my sleep.", "Suggest a drink for the afternoon."],
  [
    "My favorite way to exercise is swimming, running hurts my knees.",
    "What workout should I do to get fit?",
  ],
  [
    "I use Adobe Premiere Pro for all my video editing and like its advanced settings.",
    "Can you recommend resources where I can learn more about video editing?",
  ],
  [
    "I prefer small boutique hotels with a rooftop over large chains.",
    "Can you suggest a hotel for my stay in Miami?",
  ],
  [
    "I always cycle to the office, even in winter.",
    "What jacket should I buy for my way to the office?",
  ],
  [
    "I hate loud restaurants, I can't hear anyone.",
    "Which restaurant should I book for the birthday?",
  ],
];
