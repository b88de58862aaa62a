/** Why the server cannot do its work now, part by part; it is ready while no part says so. */
export interface Health {
  /** Null: the part works again. */
  set(part: string, why: string | null): void;
  /** The reasons in one line; null: ready. */
  unready(): string | null;
}

export function createHealth(): Health {
  const reasons = new Map<string, string>();
  return {
    set(part, why) {
      if (why === null) reasons.delete(part);
      else reasons.set(part, why);
    },
    unready: () => (reasons.size === 0 ? null : [...reasons.values()].join('; ')),
  };
}
