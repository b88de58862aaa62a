import type { ConsoleLink } from '../../../src/api/links.ts';

/** Links out of the console, as they are declared: dashboards, logs, traces, sources. */
export function Elsewhere({ links }: { links: readonly ConsoleLink[] }) {
  if (links.length === 0) return null;
  return (
    <span className="elsewhere">
      {links.map(({ name, url }) => (
        <a key={name + url} href={url}>
          {name} <span aria-hidden="true">↗</span>
        </a>
      ))}
    </span>
  );
}
