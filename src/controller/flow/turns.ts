/** How many subjects are planned in each pass although nothing was reported about them. */
const IN_TURN = 50;

/** Takes subjects in rotation, a fixed number at a time: unreported changes are found eventually, at constant cost. */
export function inTurn<T>(all: readonly T[], atOnce = IN_TURN): () => readonly T[] {
  let next = 0;
  return () => {
    if (all.length <= atOnce) return all;
    const taken = Array.from({ length: atOnce }, (_, i) => all[(next + i) % all.length]!);
    next = (next + atOnce) % all.length;
    return taken;
  };
}
