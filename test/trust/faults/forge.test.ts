import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { githubForge } from '../../../src/gitops/adapters/forge-github/forge.ts';
import type { CheckReport, ForgePort } from '../../../src/gitops/forge.ts';
import { heedingLimits } from '../../../src/gitops/forge-backoff.ts';
import {
  type Answer,
  cut,
  halfOpen,
  type Misbehaviour,
  misbehaving,
  PAGE,
  redirect,
  says,
  shortened,
  silent,
} from '../../misbehaving.ts';
import { PULL } from '../../pull.ts';
import { patiently } from '../../wait.ts';
import { openForge, type TestForge } from './forges.ts';
import { rowsOf } from './table.ts';

const reportOf = (key: string, evaluatedAt: number): CheckReport => ({
  check: 'sluice/gate',
  headSha: PULL.head.sha,
  state: key === 'denied' ? 'failure' : 'success',
  title: 'Decided.',
  summary: `<!-- sluice:gate -->\n${key}`,
  key,
  evaluatedAt,
  annotations: [],
  detailsUrl: null,
});

const refuses = (status: number, headers: Readonly<Record<string, string>> = {}, message = 'no'): Answer => ({
  status,
  headers,
  body: JSON.stringify({ message }),
});

interface Trial {
  readonly how?: Misbehaviour;
  readonly timeoutMs?: number;
  /** How a call fails meanwhile. */
  readonly code: string;
  /** How long the forge asks to be left alone; null: it does not, and every call may try again. */
  readonly leftAloneMs: number | null;
}

const SHORT_MS = 100;
const MINUTE_MS = 60_000;
const AWAY = { code: 'UNAVAILABLE', leftAloneMs: null };
const TRIALS: Readonly<Record<string, Trial>> = {
  refused: AWAY,
  limited: { how: says(refuses(429, { 'retry-after': '7' })), code: 'RATE_LIMITED', leftAloneMs: 7_000 },
  limitedSilently: { how: says(refuses(429)), code: 'RATE_LIMITED', leftAloneMs: MINUTE_MS },
  secondary: {
    how: says(refuses(403, {}, 'You have exceeded a secondary rate limit')),
    code: 'RATE_LIMITED',
    leftAloneMs: MINUTE_MS,
  },
  storm: {
    how: says({ status: 504, headers: { 'content-type': 'text/html' }, body: '<html></html>' }),
    ...AWAY,
  },
  // The limit is the point: no answer comes in any time.
  silent: { how: silent, timeoutMs: SHORT_MS, ...AWAY },
  // The limit is the point: the rest of the answer never comes.
  halfOpen: { how: halfOpen, timeoutMs: SHORT_MS, ...AWAY },
  cut: { how: cut, ...AWAY },
  shortened: { how: shortened, ...AWAY },
  page: { how: says(PAGE), ...AWAY },
};

const KINDS = ['github', 'gitea'] as const;

/** What was decided, as a post of it: the newest alone counts, and nothing is there twice. */
function postedOnce({ held }: TestForge, ...keys: readonly string[]): void {
  expect(held.statuses.map(({ description }) => description)).toEqual(
    keys.map((key) => expect.stringContaining(` ${key}]`)),
  );
  expect(held.comments).toHaveLength(1);
  expect(held.comments[0]!.body).toContain(keys.at(-1)!);
}

/** Every call that the server makes, as it makes them: a post, then another outcome, then the merge. */
async function whole(
  test: TestForge,
  forge: ForgePort,
  fault: () => Promise<void>,
  heal: () => Promise<void>,
  trial: Trial,
) {
  expect(await forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: true });
  await fault();
  const before = test.server.asked.length;
  const calls = [
    () => forge.report(PULL, reportOf('allowed', 2)),
    () => forge.merge(PULL),
    () => forge.pull(7),
  ];
  for (const call of calls) {
    const answer = await call();
    expect(answer).toMatchObject({ ok: false, error: { code: trial.code } });
    if (!answer.ok) expect(answer.error.retryAfterMs ?? null).toBe(trial.leftAloneMs);
  }
  // Tried a few times where there was no answer; asked once where it asks to be left alone.
  const asked = test.server.asked.length - before;
  if (trial.leftAloneMs !== null) expect(asked).toBeLessThanOrEqual(calls.length);
  else expect(asked).toBeLessThanOrEqual(20);
  await heal();
  expect(await forge.report(PULL, reportOf('allowed', 2))).toMatchObject({ ok: true });
  expect(await forge.report(PULL, reportOf('allowed', 2))).toMatchObject({
    ok: true,
    value: { post: 'unchanged' },
  });
  postedOnce(test, 'denied', 'allowed');
  expect(await forge.merge(PULL)).toEqual({ ok: true, value: 'merged' });
  expect(test.held.merges).toBe(1);
}

async function tried(kind: 'github' | 'gitea', trial: Trial): Promise<void> {
  const test = await openForge(kind, trial.timeoutMs ?? patiently(5_000));
  const { how } = trial;
  // What the forge does not answer, it has not done: a limit and a page are before it.
  const fault = async () => {
    if (!how) return test.server.refuse();
    test.server.behave(how);
    test.server.reach(false);
  };
  const heal = async () => {
    if (!how) return test.server.listen();
    test.server.behave(null);
    test.server.reach(true);
  };
  try {
    await whole(test, test.forge, fault, heal, trial);
  } finally {
    await test.server.close();
  }
}

/** Only answers to posts are lost: each was done, and is found at the next try. */
async function answersLost(kind: 'github' | 'gitea', how: Misbehaviour): Promise<void> {
  const test = await openForge(kind, patiently(5_000));
  try {
    test.server.behave((response, proper, asked) => {
      if (asked.method === 'GET' || test.held.posts.filter((p) => p === test.held.posts.at(-1)).length > 1)
        says(proper)(response, proper, asked);
      else how(response, proper, asked);
    });
    expect(await test.forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: true });
    postedOnce(test, 'denied');
    expect(await test.forge.merge(PULL)).toEqual({ ok: true, value: 'merged' });
    expect(test.held.merges).toBe(1);
  } finally {
    await test.server.close();
  }
}

/** Only reads fail: what cannot be read is not taken for nothing, and nothing is posted on top of it. */
async function readsFail(kind: 'github' | 'gitea', how: Misbehaviour, timeoutMs: number): Promise<void> {
  const test = await openForge(kind, timeoutMs);
  try {
    expect(await test.forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: true });
    const posts = test.held.posts.length;
    test.server.behave((response, proper, asked) =>
      (asked.method === 'GET' && asked.path.includes('/comments') ? how : says(proper))(
        response,
        proper,
        asked,
      ),
    );
    // The check has its answer; what cannot be told beside it is said.
    expect(await test.forge.report(PULL, reportOf('denied', 1))).toMatchObject({
      ok: true,
      value: { untold: { code: 'UNAVAILABLE' } },
    });
    expect(test.held.posts).toHaveLength(posts);
    test.server.behave(null);
    expect(await test.forge.report(PULL, reportOf('allowed', 2))).toMatchObject({ ok: true });
    postedOnce(test, 'denied', 'allowed');
  } finally {
    await test.server.close();
  }
}

it('FORGE-31: the token of an App that GitHub never gives is given up in time', async () => {
  const server = await misbehaving(() => ({ status: 201, body: '{}' }));
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  server.behave(silent);
  const forge = githubForge({
    address: server.address,
    repository: 'acme/shop',
    branch: 'main',
    webhookSecret: 's',
    retryMs: 1,
    // The limit is the point: the server never answers.
    timeoutMs: SHORT_MS,
    auth: { appId: 1, installation: 2, privateKey },
  });
  expect(await forge.pull(7)).toMatchObject({ ok: false, error: { code: 'UNAVAILABLE' } });
  expect(server.asked[0]!.path).toContain('/access_tokens');
  await server.close();
});

describe.each(KINDS)('a forge: %s', (kind) => {
  it.each(rowsOf('forge', TRIALS))('FAULT-4: %s: %s', (_fault, _outcome, trial) => tried(kind, trial));

  it.each([
    ['cut', cut],
    ['half of it', shortened],
    ['a page', says(PAGE)],
    ['504', says({ status: 504, body: '' })],
  ] as const)('FAULT-4: the answer to a post is lost (%s): found done, and not done again', (_, how) =>
    answersLost(kind, how),
  );

  it.each([
    ['cut', cut, patiently(5_000)],
    ['half of it', shortened, patiently(5_000)],
    ['nothing of it', silent, SHORT_MS],
    ['half of it, and it stays open', halfOpen, SHORT_MS],
    ['a page', says(PAGE), patiently(5_000)],
    ['empty', says({ status: 200, body: '' }), patiently(5_000)],
  ] as const)(
    'FORGE-31: a list of which the answer is %s is no empty list, and ends in time',
    (_, how, timeoutMs) => readsFail(kind, how, timeoutMs),
  );

  it('FORGE-30: a page is not the text of a file', async () => {
    const test = await openForge(kind, patiently(5_000));
    try {
      test.server.behave(says(PAGE));
      expect(await test.forge.text(PULL.head.sha, 'a.yaml')).toMatchObject({
        ok: false,
        error: { code: 'UNAVAILABLE', message: expect.stringContaining('a web page answered') },
      });
    } finally {
      await test.server.close();
    }
  });

  it('FAULT-4: a redirect to another host: nothing is asked there with the token', async () => {
    const elsewhere = await misbehaving(() => ({ status: 200, body: '[]' }));
    const test = await openForge(kind, patiently(5_000));
    try {
      test.server.behave(redirect(elsewhere.address));
      expect((await test.forge.report(PULL, reportOf('denied', 1))).ok).toBe(false);
      expect(elsewhere.asked.filter(({ headers }) => headers.authorization)).toEqual([]);
    } finally {
      await Promise.all([test.server.close(), elsewhere.close()]);
    }
  });

  it('FAULT-4: a limit holds up the calls of all until it is over, and nobody else: by the clock it is given', async () => {
    const [limited, other] = await Promise.all([
      openForge(kind, patiently(5_000)),
      openForge(kind, patiently(5_000)),
    ]);
    let now = 0;
    const forge = heedingLimits(limited.forge, () => now);
    try {
      limited.server.behave(says(refuses(429, { 'retry-after': '7' })));
      expect(await forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: false });
      const asked = limited.server.asked.length;
      limited.server.behave(null);
      expect(await forge.pull(7)).toMatchObject({ ok: false, error: { code: 'RATE_LIMITED' } });
      expect(limited.server.asked).toHaveLength(asked);
      expect(await other.forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: true });
      now = 7_001;
      expect(await forge.report(PULL, reportOf('denied', 1))).toMatchObject({ ok: true });
      postedOnce(limited, 'denied');
    } finally {
      await Promise.all([limited.server.close(), other.server.close()]);
    }
  });
});
