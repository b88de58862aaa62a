import { useRef } from 'react';

const KEPT = 60;
const WIDTH = 150;
const HEIGHT = 26;

/** The burn rate of the last looks against its threshold; the place is there before the first value is. */
export function Spark({
  id,
  value,
  threshold,
  at,
}: {
  id: string;
  value: number | null;
  threshold: number;
  at: number;
}) {
  const seen = useRef<{ id: string; at: number; values: number[] }>({ id, at: 0, values: [] });
  if (seen.current.id !== id) seen.current = { id, at: 0, values: [] };
  if (value !== null && at > seen.current.at) {
    seen.current.at = at;
    seen.current.values = [...seen.current.values, value].slice(-KEPT);
  }
  const top = Math.max(threshold * 1.1, ...seen.current.values);
  const y = (v: number) => HEIGHT - 2 - (v / top) * (HEIGHT - 4);
  const points = seen.current.values
    .map((v, i) => `${(i * WIDTH) / (KEPT - 1)},${y(v).toFixed(1)}`)
    .join(' ');
  return (
    <svg
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={`burn rate against its threshold of ${threshold}`}
    >
      <line
        x1="0"
        x2={WIDTH}
        y1={y(threshold)}
        y2={y(threshold)}
        stroke="var(--stopped)"
        strokeDasharray="3 3"
      />
      <polyline points={points} fill="none" stroke="var(--accent)" strokeWidth="1.5" />
    </svg>
  );
}
