/** A number and what it counts: `1 service`, `2 services`; a plural that is no `s` is given. */
export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;
