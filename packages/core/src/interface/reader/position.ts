/** Position of the whole input. */
export const ROOT = "";

/** Position of element `index` of the array at `position`. */
export function elementOf(position: string, index: number): string {
  return `${position}[${index}]`;
}

/** Position of a field: `messages`, `messages[3].content`, `mapping["a b"]`. */
export function fieldOf(position: string, name: string): string {
  if (!/^[A-Za-z_]\w*$/.test(name)) return `${position}[${JSON.stringify(name)}]`;
  return position === ROOT ? name : `${position}.${name}`;
}

/** A position as it is shown: the whole input is `input`. */
export function shownPosition(position: string): string {
  return position === ROOT ? "input" : position;
}

/** Position of one of several candidates that the piece at `position` became: `[3]#1`. */
export function shareOf(position: string, index: number): string {
  return `${shownPosition(position)}#${index}`;
}
