import { afterAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../folder.ts';
import { fencesOf } from './pages.ts';
import { readerIn, shows } from './runner.ts';

/** Pages that a new user follows from the first line to the last, in an empty folder. */
describe.each(['docs/start.md', 'docs/tutorial.md'])('%s, command by command', (page) => {
  const reader = readerIn(temporaryFolder('reader'));
  const blocks = fencesOf(page).flatMap((fence) => {
    const title = reader.title(fence);
    return title === null ? [] : [{ title: `line ${fence.line}: ${title}`, fence }];
  });
  afterAll(() => reader.stop());

  it('SITE-12: it has steps', () => expect(blocks.length).toBeGreaterThan(4));

  let broken = false;
  it.each(blocks)('SITE-12: $title', async ({ fence }) => {
    // Steps after one that failed would only fail as well.
    expect(broken, 'an earlier step failed').toBe(false);
    broken = true;
    await reader.follow(fence);
    broken = false;
  });
});

describe('what a page shows', () => {
  it.each([
    ['blanks do not count', 'greeter  prod   Stable', 'greeter prod Stable', true],
    ['nor do ports', 'at http://127.0.0.1:43211', 'at http://127.0.0.1:7117', true],
    ['words do', 'greeter prod Idle', 'greeter prod Stable', false],
  ])('SITE-12: %s', (_, output, line, shown) => expect(shows(output, line)).toBe(shown));
});
