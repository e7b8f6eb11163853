/** Element of an array at an index known to be inside it. */
export function at<T>(array: { readonly [index: number]: T }, index: number): T {
  return array[index] as T;
}
