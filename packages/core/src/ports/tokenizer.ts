/** Counts tokens of the model a prompt goes to. */
export interface Tokenizer {
  count(text: string): number;
}
