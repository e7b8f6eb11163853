/**
 * The base form of an irregular English verb form or plural ("bought" -> "buy", "children" -> "child"); any other word
 * comes back unchanged. A stemmer strips suffixes only, so without this "Where did Ada buy it?" misses "I bought it".
 */
export function baseForm(word: string): string {
  return BASE_FORMS.get(word) ?? word;
}

/** base: its irregular forms. Forms that are common words of their own ("saw", "left", "found", "lay") are kept where the verb is by far the commoner reading in talk. */
const FORMS = [
  "become:became", "begin:began,begun", "bite:bit,bitten", "blow:blew,blown", "break:broke,broken",
  "bring:brought", "build:built", "burn:burnt", "buy:bought", "catch:caught", "choose:chose,chosen", "come:came",
  "deal:dealt", "dig:dug", "draw:drew,drawn", "dream:dreamt", "drink:drank,drunk", "drive:drove,driven", "eat:ate,eaten",
  "fall:fell,fallen", "feed:fed", "feel:felt", "fight:fought", "find:found", "fly:flew,flown", "forget:forgot,forgotten",
  "forgive:forgave,forgiven", "freeze:froze,frozen", "get:got,gotten", "give:gave,given", "go:went,gone",
  "grow:grew,grown", "hang:hung", "hear:heard", "hide:hid,hidden", "hold:held", "keep:kept", "know:knew,known",
  "lead:led", "learn:learnt", "leave:left", "lend:lent", "lose:lost", "make:made", "mean:meant", "meet:met", "pay:paid",
  "ride:rode,ridden", "ring:rang,rung", "rise:rose,risen", "run:ran", "say:said", "see:saw,seen", "sell:sold",
  "send:sent", "shake:shook,shaken", "shine:shone", "shoot:shot", "show:shown", "sing:sang,sung", "sink:sank,sunk",
  "sit:sat", "sleep:slept", "speak:spoke,spoken", "spend:spent", "stand:stood", "steal:stole,stolen",
  "stick:stuck", "strike:struck", "swim:swam,swum", "take:took,taken", "teach:taught", "tear:tore,torn", "tell:told",
  "think:thought", "throw:threw,thrown", "understand:understood", "wake:woke,woken", "wear:wore,worn", "weave:wove,woven",
  "win:won", "write:wrote,written", "child:children", "man:men", "woman:women", "foot:feet", "tooth:teeth",
  "mouse:mice", "goose:geese", "person:people", "knife:knives", "wife:wives", "life:lives", "leaf:leaves", "shelf:shelves",
  "wolf:wolves", "half:halves", "loaf:loaves", "scarf:scarves",
];

const BASE_FORMS: ReadonlyMap<string, string> = new Map(
  FORMS.flatMap((line) => {
    const [base = "", forms = ""] = line.split(":");
    return forms.split(",").map((form): [string, string] => [form, base]);
  }),
);
