/**
 * Text as it can be stored everywhere: NUL and lone surrogates become U+FFFD. The length stays the
 * same, so character ranges into the source stay true.
 */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\0", "\uFFFD");
}

/** Whether there is anything to read in `text`: not only spaces, control and format characters. */
export function hasContent(text: string): boolean {
  return /[^\s\p{Cc}\p{Cf}\p{Cs}\uFFFD]/u.test(text);
}

/** The first `length` code units of clean text, without cutting a surrogate pair in two. */
export function firstChars(text: string, length: number): string {
  if (text.length <= length) return text;
  const cut = text.slice(0, length);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
