import type { ReleaseView } from '../../../src/api/views.ts';
import type { State } from '../../../src/delivery/machine.ts';

const PLACES: Record<State, readonly [number, number]> = {
  Idle: [50, 50],
  Deploying: [170, 50],
  Canary: [300, 50],
  Evaluating: [430, 50],
  Promote: [620, 50],
  Stable: [810, 50],
  Abort: [430, 150],
  Rollback: [556, 150],
  Degraded: [683, 150],
  Recovery: [810, 150],
};
const HALF = [46, 17] as const;

function line(from: State, to: State): string {
  const [x1, y1] = PLACES[from];
  const [x2, y2] = PLACES[to];
  if (from === 'Stable' && to === 'Deploying')
    return `M ${x1} ${y1 - HALF[1]} C ${x1} 0, ${x2} 0, ${x2} ${y2 - HALF[1]}`;
  if (from === 'Evaluating' && to === 'Canary')
    return `M ${x1 - 20} ${y1 + HALF[1]} Q 365 105, ${x2 + 20} ${y2 + HALF[1]}`;
  if (y1 === y2 && y1 === 150 && Math.abs(x1 - x2) > 130)
    return `M ${x1} ${y1 + HALF[1]} Q ${(x1 + x2) / 2} 205, ${x2} ${y2 + HALF[1]}`;
  if (to === 'Deploying' && y1 !== y2)
    return `M ${x1} ${y1 + HALF[1]} C ${x1} 215, ${x2} 215, ${x2} ${y2 + HALF[1]}`;
  if (y1 === y2)
    return `M ${x1 + (x2 > x1 ? HALF[0] : -HALF[0])} ${y1} L ${x2 - (x2 > x1 ? HALF[0] : -HALF[0])} ${y2}`;
  return `M ${x1} ${y1 + (y2 > y1 ? HALF[1] : -HALF[1])} L ${x2} ${y2 - (y2 > y1 ? HALF[1] : -HALF[1])}`;
}

/** The ten states with the path this release took; arrows of ours appear once they were taken. */
export function Machine({ release }: { release: ReleaseView }) {
  const taken = new Set(release.path.map((m) => `${m.from}>${m.to}`));
  const past = new Set(release.path.flatMap((m) => [m.from, m.to]));
  const arrows = release.machine.filter((row) => row.by === 'seed' || taken.has(`${row.from}>${row.to}`));
  const words = release.path.map((m) => m.to).join(', then ');
  return (
    <svg
      className="machine"
      viewBox="0 0 870 215"
      role="img"
      aria-label={`Now ${release.state}. Path taken: ${words || 'none yet'}.`}
    >
      <defs>
        <marker
          id="tip"
          viewBox="0 0 8 8"
          refX="7"
          refY="4"
          markerUnits="userSpaceOnUse"
          markerWidth="10"
          markerHeight="10"
          orient="auto"
        >
          <path d="M0 0 L8 4 L0 8 z" style={{ fill: 'var(--ink-soft)', stroke: 'none' }} />
        </marker>
      </defs>
      {arrows.map((row) => (
        <path
          key={`${row.from}>${row.to}`}
          d={line(row.from, row.to)}
          data-taken={taken.has(`${row.from}>${row.to}`)}
          markerEnd="url(#tip)"
        />
      ))}
      {(Object.keys(PLACES) as State[]).map((state) => {
        const [x, y] = PLACES[state];
        return (
          <g key={state} data-on={release.state === state} data-past={past.has(state)}>
            <rect x={x - HALF[0]} y={y - HALF[1]} width={2 * HALF[0]} height={2 * HALF[1]} rx="8" />
            <text x={x} y={y}>
              {state}
            </text>
          </g>
        );
      })}
    </svg>
  );
}
