import { toTerm } from "./terms.ts";

/**
 * Terms that may stand in a text where a question has `term`: everyday synonyms ("kid" for "child") and, for words that
 * name a kind, common members of it ("guitar" for "instrument"). Terms as `indexTerms` gives them; `[]` when none are
 * known. A small table of common English, for cubes that have no embedding model; not a dictionary.
 */
export function relatedTerms(term: string): readonly string[] {
  table ??= buildTable();
  return table.get(term) ?? [];
}

/** Built at the first use. */
let table: ReadonlyMap<string, readonly string[]> | undefined;

/** Words that are used for one another, both ways. */
const SYNONYMS = [
  "child kid son daughter baby toddler",
  "mom mother mum",
  "dad father",
  "parent mother father mom dad",
  "grandmother grandma granny",
  "grandfather grandpa",
  "wife husband spouse partner",
  "boyfriend girlfriend partner",
  "sibling brother sister",
  "friend buddy pal mate",
  "family relative",
  "doctor physician appointment clinic",
  "movie film",
  "photo picture pic photograph image",
  "job work career profession occupation employment",
  "company employer firm business",
  "boss manager supervisor",
  "coworker colleague teammate",
  "school college university class",
  "degree graduate major diploma",
  "study research",
  "trip travel vacation holiday journey visit tour",
  "car vehicle",
  "bike bicycle cycle",
  "house home apartment flat",
  "live reside move",
  "buy purchase get order",
  "cost price pay spend charge fee",
  "begin start launch open",
  "finish complete end",
  "quit leave resign",
  "stress anxious anxiety overwhelm destress",
  "destress relax unwind calm therapy escape",
  "happy glad joy excited thrilled",
  "sad upset down",
  "afraid scared fear",
  "angry mad frustrate",
  "like love enjoy prefer favorite fave",
  "hate dislike avoid",
  "hobby pastime interest passion",
  "exercise workout gym fitness train",
  "run jog",
  "hike trail trek",
  "tired exhaust fatigue sleep",
  "sick ill illness disease",
  "allergy allergic intolerant intolerance hive",
  "medication medicine pill drug prescription tablet dose",
  "repair fix mend",
  "expire expiry valid",
  "injury hurt accident injure",
  "diet eat nutrition",
  "meal dinner lunch breakfast",
  "recipe cook bake",
  "gift present",
  "party celebrate celebration",
  "wedding marry marriage engage",
  "event festival conference concert show parade fair",
  "contest competition tournament race win prize award",
  "award prize trophy medal",
  "help support assist volunteer",
  "donate donation charity",
  "idea plan goal dream",
  "advice suggestion tip recommend suggest",
  "problem issue trouble challenge struggle",
  "talk speak chat conversation discuss",
  "speech talk presentation",
  "phone mobile smartphone",
  "computer laptop pc",
  "game gaming videogame",
  "book novel read",
  "author writer",
  "song music",
  "band singer musician artist",
  "shop store",
  "clothes clothing outfit fashion dress shirt",
  "meet encounter",
  "big large huge",
  "small little tiny",
  "fast quick",
  "nickname call name",
];

/** What is asked for by its kind, and what may then stand in the text; this way only. */
const KINDS = [
  "activity: hike swim camp paint run dance pottery cook garden fish ski yoga read bike climb craft museum beach",
  "hobby: paint read cook garden fish dance photography knit guitar piano hike chess craft draw sew bake game",
  "sport: soccer football basketball tennis golf swim run ski surf baseball hockey volleyball yoga climb",
  "exercise: run swim yoga gym hike bike cardio weight",
  "instrument: guitar piano violin drum flute cello clarinet saxophone trumpet ukulele bass",
  "music: concert album band song playlist jazz rock classical pop",
  "art: paint draw sculpture pottery sketch canvas",
  "pet: dog cat puppy kitten bird fish rabbit hamster turtle snake",
  "dog: puppy pup",
  "cat: kitten kitty",
  "animal: dog cat horse bird fish bear lion dinosaur",
  "food: pizza pasta sushi salad chicken rice bread cheese cake dessert soup sandwich taco steak",
  "dessert: cake cookie pie chocolate cream sundae",
  "drink: coffee tea wine beer juice water cocktail",
  "fruit: apple banana orange mango strawberry",
  "nut: cashew pistachio walnut almond peanut hazelnut pecan",
  "weekday: monday tuesday wednesday thursday friday saturday sunday",
  "allergy: peanut nut shellfish gluten lactose dairy pollen",
  "diet: vegan vegetarian keto gluten dairy",
  "family: mother father mom dad brother sister kid child son daughter husband wife cousin aunt uncle",
  "relative: cousin aunt uncle grandma grandpa nephew niece",
  "country: sweden france germany italy spain japan china india canada mexico brazil england australia",
  "city: paris london rome berlin tokyo york chicago boston barcelona seattle francisco madrid",
  "place: city park beach museum restaurant cafe lake mountain",
  "outdoors: hike camp park mountain beach lake trail",
  "nature: hike camp forest mountain lake beach",
  "vehicle: car truck motorcycle bike van bus",
  "transport: bus train car bike subway flight drive commute",
  "commute: drive bus train minute work",
  "job: engineer teacher nurse doctor manager developer designer lawyer accountant chef banker",
  "status: single married divorced engaged dating widow",
  "relationship: single married divorced dating boyfriend girlfriend husband wife breakup",
  "religion: church god faith pray mosque temple",
  "religious: church god faith pray",
  "health: doctor hospital surgery diagnosis medication sick pain",
  "medicine: vitamin",
  "politics: vote election campaign senator mayor council",
  "education: degree university college school course class graduate",
  "money: dollar salary budget loan debt pay invest",
  "finance: money budget loan debt invest salary",
  "weather: rain snow sun storm cold hot",
  "furniture: sofa couch table chair desk bed shelf bookshelf",
  "clothes: shirt shoe dress jacket jean coat boot sneaker",
  "shoe: sneaker boot sandal",
  "jewelry: ring necklace bracelet earring watch",
  "item: shoe shirt book jacket phone",
  "device: phone laptop tablet watch camera",
  "subscription: netflix spotify magazine newspaper",
  "language: english spanish french german italian japanese chinese korean python javascript typescript java rust",
  "tech: python javascript typescript java rust",
  "book: novel author chapter read",
  "movie: watch cinema theater",
  "show: watch episode season series",
];

function buildTable(): ReadonlyMap<string, readonly string[]> {
  const related = new Map<string, Set<string>>();
  const relate = (from: string, to: string): void => {
    if (from === to) return;
    const known = related.get(from);
    if (known === undefined) related.set(from, new Set([to]));
    else known.add(to);
  };
  for (const line of SYNONYMS) {
    const terms = line.split(" ").map(toTerm);
    for (const from of terms) for (const to of terms) relate(from, to);
  }
  for (const line of KINDS) {
    const [kind = "", members = ""] = line.split(": ");
    for (const member of members.split(" ")) relate(toTerm(kind), toTerm(member));
  }
  return new Map([...related].map(([from, to]) => [from, [...to]]));
}
