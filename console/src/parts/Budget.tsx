import { remaining } from './words.ts';

/** A budget as a thin bar under its number; a minus sign is a text of its own, never behind the bar. */
export function Budget({ left, label }: { left: number | null; label: string }) {
  const share = Math.max(0, Math.min(1, left ?? 0));
  const text =
    left === null ? '–' : left < 0 ? `−${(-100 * left).toFixed(0)}%` : `${(100 * left).toFixed(0)}%`;
  return (
    <span className="budget" data-low={left !== null && left < 0.1} title={`${label}: ${remaining(left)}`}>
      <span>{text}</span>
      <span className="bar" aria-hidden="true">
        <i style={{ width: `${100 * share}%` }} />
      </span>
    </span>
  );
}
