import type { ReleaseAnswer } from '../../api.ts';
import { clock, exactly } from '../../parts/words.ts';

/** Everything that was recorded of a release, oldest first. */
export function Timeline({ release }: { release: ReleaseAnswer }) {
  return (
    <section className="panel" aria-label="Timeline">
      <h2>Timeline</h2>
      <ul className="timeline">
        {release.timeline.map((entry) => (
          <li key={entry.seq}>
            <span className="soft" title={exactly(entry.at)}>
              {clock(entry.at)}
            </span>
            <span>
              {entry.title}
              {entry.detail && <span className="soft"> · {entry.detail}</span>}
            </span>
            <span className="soft" title={entry.actor}>
              #{entry.seq}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
