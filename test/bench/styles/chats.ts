/** Topic words of an assistant's long replies, what the user says of themselves, and a question about it. */
export interface ChatSeed {
  readonly topic: string;
  readonly fact: string;
  readonly request: string;
  readonly question: string;
}

const seed = (topic: string, fact: string, request: string, question: string): ChatSeed => ({
  topic,
  fact,
  request,
  question,
});

/** Written for this set: people who talk with an assistant, mostly about something else than the fact they mention. */
export const CHAT_SEEDS: readonly ChatSeed[] = [
  seed(
    "degree career business resume",
    "I graduated with a degree in Business Administration, which has helped me in my new role.",
    "Any advice on how to stay organized at work?",
    "What degree did I graduate with?",
  ),
  seed(
    "commute traffic podcast audiobook",
    "My daily commute to work takes 45 minutes each way.",
    "Can you suggest podcasts for it?",
    "How long is my daily commute to work?",
  ),
  seed(
    "coupon grocery savings store",
    "I actually redeemed a five dollar coupon on coffee creamer last Sunday at Target.",
    "How do I plan a grocery budget?",
    "Where did I redeem a coupon on coffee creamer?",
  ),
  seed(
    "tennis racket strings training",
    "I just got a new Wilson racket from the sports store downtown.",
    "What string tension is good for beginners?",
    "Where did I buy my new tennis racket from?",
  ),
  seed(
    "playlist music streaming songs",
    "I made a playlist on Spotify called Summer Vibes that I keep coming back to.",
    "Can you recommend chill songs to add?",
    "What is the name of the playlist I created on Spotify?",
  ),
  seed(
    "painting watercolor brushes canvas",
    "My uncle gave me the old watercolor set when I turned twelve.",
    "Which brushes do I need for skies?",
    "Who gave me the watercolor set?",
  ),
  seed(
    "dog puppy breed training",
    "My golden retriever Biscuit is four years old and chews everything.",
    "How can I stop the chewing?",
    "What breed is my dog?",
  ),
  seed(
    "wedding venue guests catering",
    "My cousin Rachel's wedding is at the Grand Ballroom next month.",
    "What should I give as a present?",
    "Where is my cousin's wedding?",
  ),
  seed(
    "bicycle repair chain maintenance",
    "I took my road bike to a shop on Elm Street because the chain kept slipping.",
    "How often should a chain be replaced?",
    "Why did I take my bike to the shop?",
  ),
  seed(
    "bread baking sourdough oven",
    "I have been baking sourdough every Saturday with a starter that my neighbor named Doris gave me.",
    "Why is my crumb so dense?",
    "Who gave me my sourdough starter?",
  ),
  seed(
    "garden tomatoes soil compost",
    "I planted Roma tomatoes and basil on my balcony in April.",
    "How much water do they need?",
    "What did I plant on my balcony?",
  ),
  seed(
    "camera lens photography light",
    "I shoot with a Sony A7 that I bought second-hand.",
    "Which lens suits portraits?",
    "What camera do I use?",
  ),
  seed(
    "flight airline luggage airport",
    "On the way back from Denver my flight with United was delayed by six hours.",
    "Am I entitled to compensation?",
    "Which airline delayed my flight?",
  ),
  seed(
    "marathon running shoes pace",
    "My personal best in the half marathon is 1:52, set in Chicago.",
    "How should I train to break 1:45?",
    "What is my personal best time in the half marathon?",
  ),
  seed(
    "book reading novel club",
    "Our book club is reading The Midnight Library this month and I am halfway through.",
    "What are good discussion questions?",
    "Which book is my book club reading?",
  ),
  seed(
    "guitar lessons chords practice",
    "I take guitar lessons with a teacher called Marco on Thursdays.",
    "Which scales should I practice first?",
    "Who teaches me guitar?",
  ),
  seed(
    "apartment rent lease landlord",
    "I moved to a two-bedroom apartment in Oakland, the rent is 2,400 dollars.",
    "How do I talk with the landlord about repairs?",
    "How much is my rent?",
  ),
  seed(
    "vitamins doctor diet blood",
    "My doctor told me that my vitamin D is low and I now take 2000 units a day.",
    "What foods contain it?",
    "Which vitamin am I low on?",
  ),
  seed(
    "japanese language grammar kanji",
    "I study Japanese with flashcards for twenty minutes before breakfast.",
    "What is the difference between wa and ga?",
    "Which language am I learning?",
  ),
  seed(
    "coffee espresso grinder beans",
    "I replaced my old grinder with a Baratza Encore in January.",
    "How fine should I grind for espresso?",
    "Which coffee grinder do I own?",
  ),
  seed(
    "museum exhibition tickets sculpture",
    "I visited the modern art museum with my sister Lena on her birthday.",
    "Which sculptors should I read about?",
    "Who did I visit the museum with?",
  ),
  seed(
    "chess opening tactics rating",
    "My rating went up to 1450 after I switched to the Caro-Kann.",
    "What are common traps in it?",
    "Which chess opening do I play?",
  ),
  seed(
    "aquarium fish filter water",
    "I keep six neon tetras in a twenty gallon tank.",
    "How often should I change the water?",
    "How many fish do I have?",
  ),
  seed(
    "volunteer shelter animals weekend",
    "I volunteer at the animal shelter every second Saturday.",
    "How do I make shy cats trust me?",
    "Where do I volunteer?",
  ),
];

const FRAMES = [
  "When it comes to WORD, it helps to begin with a clear goal and to review it every week.",
  "Many people underestimate how much WORD depends on small habits that you repeat.",
  "You could compare a few options for WORD and write down what matters most to you.",
  "A common mistake with WORD is to do too much at once, so start with one change.",
  "Experts on WORD recommend to keep notes, to ask friends, and to look at reviews before you decide.",
  "If you want to save time with WORD, set a reminder on your phone and prepare things the evening before.",
  "There are good guides about WORD online and at your local store or library.",
  "Finally, do not forget to enjoy WORD, as what you love is what you will keep doing.",
];

/** A long reply (some 150 words) that repeats the topic's words again and again without any fact about the user. */
export function longReply(topic: string, turn: number): string {
  const words = topic.split(" ");
  const lines = FRAMES.map((frame, at) =>
    frame.replaceAll("WORD", words[(at + turn) % words.length] ?? ""),
  );
  return `Great question! ${lines.join(" ")} Let me know what you think about ${words.join(", ")}.`;
}
