import { useWindowVirtualizer } from '@tanstack/react-virtual';
import { memo, useLayoutEffect, useRef, useState } from 'react';
import { type FleetCell, type FleetRow, leastLeft } from '../../../../src/api/fleet.ts';
import type { LaneSummary } from '../../../../src/api/lane.ts';
import { Budget } from '../../parts/Budget.tsx';
import { Chip } from '../../parts/Chip.tsx';
import { Link } from '../../parts/Link.tsx';
import { useMedia } from '../../parts/media.ts';

const ROW_PX = 36;
const HEAD_PX = 30;
/** So many rows beyond what is in sight: what is printed, or scrolled to fast, is there. */
const OVERSCAN = 30;
const NARROW = '(max-width: 760px)';

/** What serves, and what is about to. */
function versionsOf({ stable, canary, waiting }: LaneSummary): string {
  const next = canary ?? waiting;
  if (!next) return stable ?? '–';
  return stable && stable !== next ? `${stable} → ${next}` : next;
}

const shareOf = ({ outcome, asked }: LaneSummary): string | undefined =>
  asked !== null && (outcome === 'judged' || outcome === 'held' || outcome === 'paused')
    ? `${asked}%`
    : undefined;

/** One service in one environment. */
const Lane = memo(function Lane({ cell: { lane, freeze, matches } }: { cell: FleetCell }) {
  const versions = versionsOf(lane);
  return (
    <td className="lane-cell" data-dim={!matches}>
      <Link to={lane.release ? `/releases/${lane.release}` : `/services/${lane.service}`} className="lane">
        <Chip outcome={lane.outcome} more={shareOf(lane)} />
        <span className="version" title={`${versions}. ${lane.sentence}`}>
          {versions}
        </span>
        {lane.mode === 'observe' && <span className="tag">observe</span>}
        {freeze && (
          <span className="tag" title={freeze.reason}>
            <span aria-hidden="true">❄</span> frozen
          </span>
        )}
        <Budget left={leastLeft(lane)} label="Error budget remaining" />
        <span className="unseen">{lane.sentence}</span>
      </Link>
    </td>
  );
});

interface GridProps {
  readonly rows: readonly FleetRow[];
  readonly environments: readonly string[];
}

function Row({ row, environments }: { row: FleetRow; environments: readonly string[] }) {
  return (
    <>
      <th scope="row" className="service">
        <Link to={`/services/${row.service}`}>{row.service}</Link>
      </th>
      {environments.map((name) => {
        const cell = row.cells[name];
        return cell ? <Lane key={name} cell={cell} /> : <td key={name} />;
      })}
    </>
  );
}

/** Where the rows begin on the page: the window is what scrolls. */
function useTop(): [React.RefObject<HTMLTableSectionElement | null>, number] {
  const place = useRef<HTMLTableSectionElement>(null);
  const [top, setTop] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setTop((place.current?.getBoundingClientRect().top ?? 0) + scrollY);
    measure();
    const sizes = new ResizeObserver(measure);
    sizes.observe(document.body);
    return () => sizes.disconnect();
  }, []);
  return [place, top];
}

/** A row a service and a column an environment; of thousands only those in sight are drawn. */
export function Grid({ rows, environments }: GridProps) {
  const narrow = useMedia(NARROW);
  const height = narrow ? HEAD_PX + ROW_PX * environments.length : ROW_PX;
  const [place, top] = useTop();
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: (i) => rows[i]!.service,
  });
  // A row is as high as the width of the page has it.
  useLayoutEffect(() => virtual.measure(), [virtual, height]);
  const columns = { '--environments': environments.length } as React.CSSProperties;
  return (
    <table
      className="fleet"
      aria-label="Services by environment"
      aria-rowcount={rows.length + 1}
      style={columns}
    >
      <thead>
        <tr className="fleet-head" aria-rowindex={1}>
          <th scope="col">Service</th>
          {environments.map((name) => (
            <th key={name} scope="col">
              {name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={place} className="fleet-rows" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, key, start }) => (
          <tr
            key={key}
            className="fleet-row"
            aria-rowindex={index + 2}
            data-urgent={rows[index]!.urgency <= 2}
            style={{ height, transform: `translateY(${start - top}px)` }}
          >
            <Row row={rows[index]!} environments={environments} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
