import type { ReactNode } from 'react';
import { type Screen, screenOf } from '../../../src/api/follow.ts';
import { ApiError } from '../api.ts';
import { ago } from './words.ts';

interface Asked {
  readonly data: unknown;
  readonly error: Error | null;
  readonly dataUpdatedAt: number;
}

/** What a page shows of its question, as a value. */
const screenNow = ({ data, error, dataUpdatedAt }: Asked): Screen =>
  screenOf(
    {
      has: data !== undefined,
      error: error && {
        status: error instanceof ApiError ? error.status : null,
        message: error.message.replace(/\.$/, ''),
      },
      at: error ? dataUpdatedAt : Date.now(),
    },
    Date.now(),
  );

/** A page before there is anything to show: why, and what to do. With data it is what is given, and how old it is. */
export function Page({ title, asked, children }: { title: string; asked: Asked; children: () => ReactNode }) {
  document.title = title === 'Overview' ? 'Sluice' : `${title} · Sluice`;
  const screen = screenNow(asked);
  switch (screen.kind) {
    case 'loading':
      return <h1 aria-busy="true">Loading …</h1>;
    case 'forbidden':
      return (
        <>
          <h1>This page needs a right that you do not have</h1>
          <p>{screen.why}.</p>
        </>
      );
    case 'missing':
      return <h1>Not found: {screen.why}</h1>;
    case 'failed':
      return (
        <>
          <h1>
            {screen.answered ? 'The server reports a problem' : 'The server does not answer'}: {screen.why}
          </h1>
          <p className="soft">The page tries again by itself.</p>
        </>
      );
    case 'ready':
      return (
        <>
          {screen.ageMs !== null && (
            <p className="old" role="status">
              These data are {ago(screen.ageMs)} old: the server does not answer.
            </p>
          )}
          {children()}
        </>
      );
  }
}
