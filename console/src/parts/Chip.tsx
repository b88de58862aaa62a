import type { Family, State } from '../../../src/delivery/machine.ts';

/** Never colour alone: each family has a shape of its own beside the word. */
const SHAPE: Record<Family, string> = {
  'at rest': '●',
  moving: '▶',
  'being judged': '◆',
  stopped: '■',
  healing: '✚',
};

export function Chip({ state, family }: { state: State; family: Family }) {
  return (
    <span className="chip" data-family={family} title={family}>
      <span aria-hidden="true">{SHAPE[family]}</span>
      {state}
    </span>
  );
}
