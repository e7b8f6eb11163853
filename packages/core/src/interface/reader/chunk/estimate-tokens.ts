/** Scripts whose characters are about one token each: kana, CJK ideographs, hangul. */
const DENSE = /[\u3040-\u30FF\u3400-\u9FFF\uAC00-\uD7AF\uF900-\uFAFF\u{20000}-\u{323AF}]/gu;

/**
 * About how many tokens `text` has for common models: four characters each, one character in
 * Chinese, Japanese and Korean. Good to some 20 %; used where no tokenizer is known.
 */
export function estimateTokens(text: string): number {
  const dense = text.match(DENSE)?.length ?? 0;
  return dense + Math.ceil((text.length - dense) / 4);
}
