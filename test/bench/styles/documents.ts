/** Documents in chunks, as a splitter makes them, with questions and the chunk that answers each. */
export interface DocumentSeed {
  readonly title: string;
  readonly chunks: readonly string[];
  readonly questions: readonly (readonly [question: string, chunk: number])[];
}

export const DOCUMENTS: readonly DocumentSeed[] = [
  {
    title: "Espresso machine manual",
    chunks: [
      "Before first use, rinse the water tank and fill it with fresh cold water up to the MAX mark. Plug the machine in, press the power button and wait until both lamps stop blinking. Run two cups of water through the group head without coffee to flush the pipes. Never operate the machine with an empty tank.",
      "To brew, grind 18 grams of coffee finely and tamp it evenly in the portafilter. Lock the portafilter in, place a cup below and press the double cup button. A good extraction takes 25 to 30 seconds and yields about 36 grams. If it runs faster, grind finer; if it drips, grind coarser.",
      "For milk, open the steam valve for two seconds to release condensed water, then hold the jug so that the tip is just below the surface. Stop at 65 degrees. Wipe the wand with a damp cloth at once and open the valve again for a second, or dried milk will block the nozzle.",
      "Descale every three months or after 200 litres, when the orange lamp lights. Dissolve one sachet of citric acid in a litre of water, fill the tank, hold both cup buttons for five seconds and let the programme run for 20 minutes. Rinse with two full tanks of water.",
    ],
    questions: [
      ["How often should the machine be descaled?", 3],
      ["How many grams of coffee go into the portafilter?", 1],
      ["Why does the steam nozzle get blocked?", 2],
      ["What must be done before the first use?", 0],
    ],
  },
  {
    title: "Travel policy",
    chunks: [
      "Employees book flights and trains through the travel portal. Economy class is the rule for flights below six hours; premium economy may be booked for longer ones. Bookings should be made at least fourteen days ahead. Loyalty points belong to the employee.",
      "Hotels are reimbursed up to 160 euros per night in capital cities and 120 euros elsewhere. Breakfast is included in this limit. Where no room is found within the limit, the manager may approve a higher rate in writing before the stay.",
      "The daily allowance for meals is 35 euros within the country and 48 euros abroad. It is cut by a third for each meal that a host provides. Receipts for meals are not needed. Alcohol is never reimbursed.",
      "Claims are filed in the finance tool within thirty days of the return. Attach receipts for transport and lodging. Finance pays claims every second Friday. Claims later than ninety days are rejected.",
    ],
    questions: [
      ["What is the hotel limit per night in capital cities?", 1],
      ["What is the meal allowance abroad?", 2],
      ["How soon must travel claims be filed?", 3],
      ["When may premium economy be booked?", 0],
      ["Is alcohol reimbursed?", 2],
    ],
  },
  {
    title: "Incident report, 14 June",
    chunks: [
      "At 09:12 the payment service began to return errors for one in five requests. The on-call engineer, Priya, was paged at 09:15 and opened an incident channel. Customers in Europe saw failed checkouts; customers in America were not affected.",
      "The cause was an expired certificate on the message broker in the Frankfurt region. Renewal had been automated last year, but the job ran under an account that was disabled in May when a contractor left. No alert watched the job.",
      "Priya renewed the certificate by hand at 09:48 and restarted the consumers one after the other. The error rate fell to zero at 09:55. Orders that had failed were replayed from the dead-letter queue in the afternoon; eleven of them had to be refunded.",
      "Follow-up: certificate jobs get a service account of their own, owned by the platform team. An alert fires when a certificate has fewer than twenty days left. The runbook now says how to renew by hand. Due by the end of July.",
    ],
    questions: [
      ["What caused the outage of the payment service?", 1],
      ["Who was on call during the incident?", 0],
      ["How many orders had to be refunded?", 2],
      ["When does the certificate alert fire?", 3],
    ],
  },
  {
    title: "Notes on container gardening",
    chunks: [
      "Choose pots of at least thirty centimetres for tomatoes and peppers; herbs do with fifteen. Terracotta breathes but dries out quickly, glazed pots keep water longer. Every pot needs a hole at the bottom, and a saucer below it in winter is a mistake.",
      "Mix two parts of compost with one part of perlite. Garden soil is too heavy for pots and brings slugs. Refresh the upper third each spring instead of replacing all of it.",
      "Water in the morning, until it runs from the hole, then let the upper two centimetres dry. In a heat wave tomatoes want water twice a day. Yellow lower leaves are a sign of too much water, crisp edges of too little.",
      "Feed every two weeks from June to August with a fertiliser rich in potassium. Basil needs none. Stop feeding in September so that plants harden before frost.",
    ],
    questions: [
      ["What mix of compost should be used for pots?", 1],
      ["What do yellow leaves mean?", 2],
      ["How large must a pot for tomatoes be?", 0],
      ["When should feeding stop?", 3],
    ],
  },
];
