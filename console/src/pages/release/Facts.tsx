import type { ReactNode } from 'react';
import { linksOf } from '../../../../src/api/links.ts';
import { type ReleaseAnswer, useOverview } from '../../api.ts';
import { Elsewhere } from '../../parts/Elsewhere.tsx';
import { Link } from '../../parts/Link.tsx';
import { ago, clock, exactly } from '../../parts/words.ts';

const short = (digest: string): string => digest.replace(/^sha256:/, '').slice(0, 12);

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** A commit by the beginning of its name; a link where the forge has a page of it. */
function CommitName({ sha, url }: { sha: string; url: string | null }) {
  const name = <code title={sha}>{sha.slice(0, 10)}</code>;
  return url ? (
    <a href={url} rel="noreferrer">
      {name} <span aria-hidden="true">↗</span>
    </a>
  ) : (
    name
  );
}

/** Where a release comes from, when it was, and what it is judged by. */
export function Facts({ release }: { release: ReleaseAnswer }) {
  const { origin, digest, openedAt, endedAt, declaration, enforced, from, service } = release;
  const overview = useOverview().data;
  const links = linksOf(overview?.links ?? [], { ...release, team: overview?.teams[service] });
  return (
    <dl className="facts" aria-label="Facts">
      <Fact name="Started">
        <span title={exactly(openedAt)}>{clock(openedAt)}</span>
      </Fact>
      <Fact name={endedAt === null ? 'In progress for' : 'Took'}>
        {ago((endedAt ?? Date.now()) - openedAt)}
      </Fact>
      <Fact name="Replaces">{from ?? 'nothing: the first version'}</Fact>
      {origin.pull !== null && (
        <Fact name="Pull request">
          <Link to={`/pulls/${origin.pull}`}>#{origin.pull}</Link>
        </Fact>
      )}
      {origin.commit && (
        <Fact name="Commit">
          <CommitName {...origin.commit} />
        </Fact>
      )}
      {origin.commit?.mergedBy && <Fact name="Merged by">{origin.commit.mergedBy}</Fact>}
      {origin.authors.length > 0 && <Fact name="Author">{origin.authors.join(', ')}</Fact>}
      {digest && (
        <Fact name="Digest">
          <code title={digest}>{short(digest)}</code>
        </Fact>
      )}
      <Fact name="Declaration">
        <code title={declaration}>{short(declaration)}</code>
      </Fact>
      {links.length > 0 && (
        <Fact name="Elsewhere">
          <Elsewhere links={links} />
        </Fact>
      )}
      {!enforced && <Fact name="Mode">observe: nothing is changed</Fact>}
    </dl>
  );
}
