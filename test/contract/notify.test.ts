import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { noticesFold } from '../../src/api/notices/fold.ts';
import type { Notice } from '../../src/api/notices/notice.ts';
import { NOTICE_DEFAULT, NOTICE_KINDS } from '../../src/declaration/defaults.ts';
import type { Notification } from '../../src/declaration/platform.ts';
import { fail, ok } from '../../src/kit/result.ts';
import { memoryLedger } from '../../src/ledger/adapters/memory/ledger.ts';
import { openJournal } from '../../src/ledger/journal.ts';
import type { LedgerPort } from '../../src/ledger/port.ts';
import { createNotifier } from '../../src/server/notify/notifier.ts';
import type { Sender } from '../../src/server/notify/port.ts';
import { emailSender, slackSender, teamsSender, webhookSender } from '../../src/server/notify/senders.ts';
import { sentFold } from '../../src/server/notify/sent.ts';
import { httpReceiver, mailReceiver, message } from './receivers.ts';

const closing: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function receiver(answer: Parameters<typeof httpReceiver>[0]) {
  const { close, ...received } = await httpReceiver(answer);
  closing.push(close);
  return received;
}

describe('who is told', () => {
  it('NOTIFY-1: Slack gets one message that is updated in place; text of others is text', async () => {
    const { calls, address } = await receiver(({ path }) => ({
      body: path.endsWith('chat.postMessage')
        ? { ok: true, channel: 'C1', ts: '1.5' }
        : path.endsWith('chat.update')
          ? { ok: true, channel: 'C1', ts: '1.5' }
          : { ok: false, error: 'unknown_method' },
    }));
    const slack = slackSender({ channel: '#shop', token: 'xoxb-1', address: `${address}/api/` });
    const first = await slack.send(message({ title: '<!channel> & more' }), null);
    expect(first).toEqual(ok('C1 1.5'));
    const again = await slack.send(message({ rev: 11, kind: 'promoted', text: 'done' }), 'C1 1.5');
    expect(again).toEqual(ok('C1 1.5'));
    expect(calls.map((c) => c.path)).toEqual(['/api/chat.postMessage', '/api/chat.update']);
    expect(calls[0]!.headers.authorization).toBe('Bearer xoxb-1');
    const sent = decodeURIComponent(calls[0]!.body.replaceAll('+', ' '));
    expect(sent).toContain('&lt;!channel&gt; &amp; more');
    expect(sent).not.toContain('<!channel>');
    expect(new URLSearchParams(calls[1]!.body).get('ts')).toBe('1.5');
  });

  it('NOTIFY-1: a message that was deleted there is sent anew; a refusal is told', async () => {
    let gone = true;
    const { calls, address } = await receiver(({ path }) => {
      if (path.endsWith('chat.update')) return { body: { ok: false, error: 'message_not_found' } };
      return { body: gone ? { ok: true, channel: 'C1', ts: '2' } : { ok: false, error: 'invalid_auth' } };
    });
    const slack = slackSender({ channel: '#shop', token: 't', address: `${address}/api/` });
    expect(await slack.send(message(), 'C1 1')).toEqual(ok('C1 2'));
    gone = false;
    expect(await slack.send(message(), null)).toMatchObject({
      ok: false,
      error: expect.stringContaining('invalid_auth'),
    });
    expect(calls).toHaveLength(3);
  });

  it('NOTIFY-2: Teams gets an adaptive card; a webhook the whole notice, signed, with a key', async () => {
    const { calls, address } = await receiver(() => ({}));
    expect(await teamsSender({ url: `${address}/teams` }).send(message(), null)).toEqual(ok(null));
    const card = JSON.parse(calls[0]!.body).attachments[0];
    expect(card.contentType).toBe('application/vnd.microsoft.card.adaptive');
    expect(card.content.body[0].inlines[0].text).toBe('checkout 1.2.0 is being released in prod');
    expect(await webhookSender({ url: `${address}/hook`, secret: 's' }).send(message(), null)).toEqual(
      ok(null),
    );
    const hook = calls[1]!;
    expect(JSON.parse(hook.body)).toMatchObject({
      schema: 'sluice.dev/notice/v1',
      key: 'checkout.prod.3',
      rev: 10,
    });
    expect(hook.headers['x-sluice-signature']).toBe(
      createHmac('sha256', 's').update(hook.body).digest('hex'),
    );
    expect(hook.headers['x-sluice-delivery']).toBe('checkout.prod.3#10');
  });

  it('NOTIFY-2: a receiver that answers with an error, or not at all, was not told', async () => {
    const { address } = await receiver(() => ({ status: 500 }));
    expect(await webhookSender({ url: address, secret: null }).send(message(), null)).toMatchObject({
      ok: false,
      error: 'the webhook answered 500',
    });
    expect(await teamsSender({ url: 'http://127.0.0.1:9' }).send(message(), null)).toMatchObject({
      ok: false,
    });
  });

  it('NOTIFY-3: mail arrives at a real mail server, and what follows is a reply in the same thread', async () => {
    const { mails, port, close } = await mailReceiver();
    closing.push(close);
    const mail = emailSender({
      to: ['team@example.org'],
      from: 'sluice@example.org',
      smarthost: `127.0.0.1:${port}`,
      username: null,
      password: null,
    });
    const first = await mail.send(message({ title: 'one\r\nBcc: everybody@example.org' }), null);
    const ref = first.ok ? first.value : null;
    expect(first).toMatchObject({ ok: true });
    await mail.send(
      message({ rev: 12, kind: 'rolled-back', title: 'checkout 1.2.0 was rolled back in prod' }),
      ref,
    );
    expect(mails).toHaveLength(2);
    expect(mails[0]!.text).toContain(`Message-ID: ${ref}`);
    expect(mails[0]!.text).toMatch(/^Subject: one Bcc: everybody@example.org\r$/m);
    expect(mails[0]!.text).not.toMatch(/^Bcc:/m);
    expect(mails[1]!.text).toContain(`In-Reply-To: ${ref}`);
    expect(mails[1]!.text).toContain('Subject: checkout 1.2.0 was rolled back in prod');
  });
});

/** A receiver that keeps what it was told. */
function keeping(updates: Sender['updates']) {
  const told: { thread: string; ref: string | null; kind: string; title: string }[] = [];
  const state = { away: false };
  const sender: Sender = {
    updates,
    send: async (m, ref) => {
      if (state.away) return fail('connection refused');
      told.push({ thread: m.thread, ref, kind: m.kind, title: m.title });
      return ok(ref ?? `ref-${told.length}`);
    },
  };
  return { told, state, sender };
}
const declared = (more: Partial<Notification> = {}): Notification => ({
  name: 'team',
  on: NOTICE_DEFAULT,
  environments: null,
  services: null,
  to: { kind: 'webhook', url: 'http://x', secret: null },
  ...more,
});

const entry = (at: number, type: string, subject: string, data: object) => ({
  at,
  type,
  v: 1,
  subject,
  actor: { id: 'sluice', kind: 'system' as const },
  cause: null,
  data,
});
const lane = 'checkout/prod';
const release = 'checkout.prod.3';
const version = (v: string) => ({ revision: `r${v}`, version: v, digest: 'sha256:1', config: {} });
const opening = (at: number) =>
  entry(at, 'release.opened', lane, { release, target: version('1.2.0'), from: version('1.1.0') });
const moving = (at: number, from: string, to: string, reason: string, more: object = {}) =>
  entry(at, 'lane.moved', lane, {
    release,
    from,
    to,
    reason,
    step: 1,
    generation: 1,
    blamed: false,
    effects: [],
    ...more,
  });

async function telling(ledger: LedgerPort, updates: Sender['updates'], more: Partial<Notification> = {}) {
  const kept = keeping(updates);
  const warnings: string[] = [];
  const start = async () => {
    const journal = await openJournal(ledger, [noticesFold, sentFold]);
    const notifier = createNotifier({
      journal,
      receivers: [{ declared: declared(more), sender: kept.sender }],
      linkOf: (path) => `http://s${path}`,
      warn: (_, text) => warnings.push(text),
    });
    return { journal, notifier };
  };
  let running = await start();
  return {
    ...kept,
    warnings,
    async tick(now: number) {
      // Others append in these tests, past the journal.
      await running.journal.follow();
      await running.notifier.tick(now);
    },
    async restart() {
      running = await start();
    },
  };
}

describe('one message for one release', () => {
  const story = [
    opening(1_000),
    moving(2_000, 'Evaluating', 'Canary', 'NEXT_STEP'),
    moving(3_000, 'Evaluating', 'Canary', 'NEXT_STEP', { step: 2 }),
    moving(4_000, 'Evaluating', 'Promote', 'PASSED'),
    moving(5_000, 'Promote', 'Stable', 'FULL_TRAFFIC'),
  ];

  it('NOTIFY-4: where a message can be updated, a whole release is one message, brought up to date', async () => {
    const ledger = memoryLedger('n');
    const t = await telling(ledger, 'in-place');
    for (const record of story) {
      await ledger.append([record]);
      await t.tick(record.at);
      await t.tick(record.at);
    }
    expect(t.told.filter((m) => m.ref === null)).toHaveLength(1);
    expect(t.told.at(-1)).toMatchObject({
      ref: 'ref-1',
      kind: 'promoted',
      title: 'checkout 1.2.0 is released in prod',
    });
    expect(t.told).toHaveLength(4);
  });

  it('NOTIFY-4: a release is told in the sentence that every page says of it, where that is known', async () => {
    const journal = await openJournal(memoryLedger('n'), [noticesFold, sentFold]);
    const texts: string[] = [];
    const sentence = 'checkout 1.2.0 in prod is at 20%: 57 of 332 good requests seen, about 10 s more.';
    const notifier = createNotifier({
      journal,
      receivers: [
        {
          declared: declared(),
          sender: {
            updates: 'in-place',
            send: async (m) => {
              texts.push(m.text);
              return ok('r');
            },
          },
        },
      ],
      linkOf: (path) => path,
      sentenceOf: (thread) => (thread === release ? sentence : null),
      warn: () => {},
    });
    await journal.append([
      opening(1_000),
      entry(1_001, 'sync.moved', lane, { to: 'OutOfSync', why: 'by hand' }),
    ]);
    await notifier.tick(2_000);
    expect(texts).toEqual([sentence, 'by hand.']);
  });

  it('NOTIFY-4: by mail it is two, by a channel that takes nothing back it is one: the end', async () => {
    for (const [updates, kinds] of [
      ['reply', ['started', 'promoted']],
      ['once', ['promoted']],
    ] as const) {
      const ledger = memoryLedger('n');
      const t = await telling(ledger, updates);
      for (const record of story) {
        await ledger.append([record]);
        await t.tick(record.at);
      }
      expect(t.told.map((m) => m.kind)).toEqual(kinds);
    }
  });

  it('NOTIFY-5: killed and started again, what was told is not told again, and what was not is', async () => {
    const ledger = memoryLedger('n');
    const t = await telling(ledger, 'in-place');
    await ledger.append([opening(1_000)]);
    await t.tick(1_000);
    await t.restart();
    await t.tick(2_000);
    expect(t.told).toHaveLength(1);
    await ledger.append([moving(3_000, 'Evaluating', 'Abort', 'HARM_SHOWN', { blamed: true })]);
    await t.restart();
    await t.tick(3_000);
    expect(t.told.at(-1)).toMatchObject({ ref: 'ref-1', kind: 'rolled-back' });
  });

  it('NOTIFY-5: a receiver that is away is tried again, ever later, and gets the newest only; at last it is given up', async () => {
    const ledger = memoryLedger('n');
    const t = await telling(ledger, 'in-place');
    t.state.away = true;
    await ledger.append(story.slice(0, 1));
    for (let now = 1_000; now < 20_000; now += 100) await t.tick(now);
    expect(t.warnings).toHaveLength(3);
    await ledger.append(story.slice(1));
    t.state.away = false;
    await t.tick(60_000);
    expect(t.told).toMatchObject([{ ref: null, kind: 'promoted' }]);
    t.state.away = true;
    await ledger.append([entry(61_000, 'sync.moved', lane, { to: 'OutOfSync', why: 'by hand' })]);
    for (let now = 61_000; now < 3_600_000; now += 5_000) await t.tick(now);
    const [given] = (await ledger.read({ type: 'notice.sent' })).filter((r) => r.subject.startsWith('sync/'));
    expect(given!.data).toMatchObject({ failure: 'connection refused' });
  });

  it('NOTIFY-5: news of long ago is none: a server that was away floods nobody', async () => {
    const ledger = memoryLedger('n');
    await ledger.append(story);
    const t = await telling(ledger, 'in-place');
    await t.tick(5_000 + 3_600_001);
    expect(t.told).toEqual([]);
  });

  it('NOTIFY-6: who asked for rollbacks of one service in one environment hears of nothing else', async () => {
    const ledger = memoryLedger('n');
    const t = await telling(ledger, 'in-place', {
      on: ['rolled-back'],
      environments: ['prod'],
      services: ['checkout'],
    });
    await ledger.append([
      ...story,
      entry(6_000, 'release.opened', 'cart/prod', {
        release: 'cart.prod.1',
        target: version('2'),
        from: null,
      }),
      entry(7_000, 'lane.moved', 'cart/prod', {
        release: 'cart.prod.1',
        from: 'Canary',
        to: 'Abort',
        reason: 'HARM_SHOWN',
        blamed: true,
        step: 0,
      }),
    ]);
    await t.tick(8_000);
    expect(t.told).toEqual([]);
    await ledger.append([moving(9_000, 'Canary', 'Abort', 'OPERATOR', { note: 'changed my mind' })]);
    await t.tick(9_000);
    expect(t.told).toMatchObject([{ kind: 'rolled-back', title: 'checkout 1.2.0 was rolled back in prod' }]);
  });
});

describe('news of the same kind', () => {
  const frozen = (at: number, cause: string | null) =>
    entry(at, 'freeze.moved', lane, {
      slo: 's',
      cause,
      reason: cause ? 'nothing is left' : 's has recovered',
      overruled: false,
      calmSince: null,
      left: 0,
      fast: 0,
      slow: 0,
    });
  const drifting = (at: number, to: string) => entry(at, 'sync.moved', lane, { to, why: 'by hand' });
  const held = (at: number, is: boolean) => entry(at, 'release.held', lane, { release, held: is });

  it.each([
    [
      'a freeze that comes back',
      [frozen(1, 'budget'), frozen(2, null), frozen(3, 'budget'), frozen(4, null)],
      4,
      2,
    ],
    [
      'drift that comes back',
      [drifting(1, 'OutOfSync'), drifting(2, 'Synced'), drifting(3, 'OutOfSync'), drifting(4, 'Synced')],
      4,
      2,
    ],
    ['a second hold of one release', [opening(1), held(2, true), held(3, false), held(4, true)], 2, 1],
  ])(
    'NOTIFY-8: %s is told again, where nothing can be taken back too',
    async (_, records, once, messages) => {
      for (const [updates, expected] of [
        ['once', once],
        ['in-place', records.length],
      ] as const) {
        const ledger = memoryLedger('n');
        const t = await telling(ledger, updates);
        for (const record of records) {
          await ledger.append([record]);
          await t.tick(record.at);
          await t.restart();
          await t.tick(record.at);
        }
        expect([updates, t.told.length]).toEqual([updates, expected]);
        // Each time is a message of its own, which its end brings up to date.
        if (updates === 'in-place') expect(t.told.filter(({ ref }) => ref === null).length).toBe(messages);
      }
    },
  );
});

describe('numbers that cannot be read', () => {
  const looked = (at: number, reasons: string[], of = lane) =>
    entry(at, 'release.looked', of, {
      release,
      step: 0,
      intervals: {},
      cursors: {},
      burn: { fast: null, slow: null },
      burnArmed: false,
      verdict: { verdict: 'inconclusive', reasons, numbers: [] },
      asked: 'sha256:1',
    });
  const MINUTES = 60_000;
  const start = async () => {
    const ledger = memoryLedger('n');
    const t = await telling(ledger, 'once', { on: ['needs-a-person'] });
    const say = async (record: ReturnType<typeof entry>) => {
      await ledger.append([{ ...record, v: record.type === 'release.looked' ? 2 : 1 }]);
      await t.tick(record.at);
    };
    return { ...t, say };
  };

  it('NOTIFY-9: after five minutes people are told once for an environment, and of the end', async () => {
    const t = await start();
    await t.say(opening(0));
    await t.say(looked(1_000, ['SOURCE_UNAVAILABLE']));
    await t.say(looked(2_000, ['PARTIAL_DATA'], 'cart/prod'));
    await t.say(looked(3_000, ['SOURCE_UNAVAILABLE', 'BURN_NO_DATA']));
    await t.tick(1_000 + 5 * MINUTES - 1);
    expect(t.told).toEqual([]);
    await t.restart();
    await t.tick(1_000 + 5 * MINUTES);
    await t.tick(1_000 + 6 * MINUTES);
    expect(t.told.map(({ title }) => title)).toEqual(['Releases in prod cannot be judged']);
    await t.say(looked(7 * MINUTES, ['TOO_FEW_REQUESTS']));
    expect(t.told).toHaveLength(1);
    // Stopped by a person: it waits for no numbers any more.
    await t.say({ ...moving(8 * MINUTES, 'Canary', 'Rollback', 'OPERATOR'), subject: 'cart/prod' });
    expect(t.told.slice(1).map(({ title }) => title)).toEqual(['Releases in prod are judged again']);
    // The next time is news again.
    await t.say(looked(20 * MINUTES, ['SOURCE_UNAVAILABLE']));
    await t.tick(25 * MINUTES);
    expect(t.told).toHaveLength(3);
  });

  it('NOTIFY-9: one that is back within five minutes is no news', async () => {
    const t = await start();
    await t.say(looked(1_000, ['SOURCE_UNAVAILABLE']));
    await t.say(looked(4 * MINUTES, ['TRIED_ENOUGH']));
    await t.tick(10 * MINUTES);
    expect(t.told).toEqual([]);
  });
});

describe('what is told', () => {
  const told = (...records: ReturnType<typeof entry>[]): (Notice | null)[] => {
    let state = noticesFold.initial;
    return records.map((r, i) => {
      const seq = i + 1;
      state = noticesFold.apply(state, { ...r, seq } as never);
      // Remembered as it would be after a restart.
      state = noticesFold.decode([...noticesFold.encode(state)]);
      return [...state.threads.values()].find((n) => n.rev === seq) ?? null;
    });
  };
  it('NOTIFY-7: a step back is told as a step, with what it is for', () => {
    const news = told(opening(1), moving(2, 'Evaluating', 'Canary', 'STEP_BACK', { step: 3 }));
    expect(news.at(-1)).toMatchObject({
      kind: 'started',
      text: expect.stringMatching(/^Step 4: it may be failing, .* gets traffic again\.$/),
    });
  });

  it('NOTIFY-7: every kind of news is told by some record, in words, with the page that shows more', () => {
    const decision = (allow: boolean) => ({
      id: 'd-1',
      allow,
      deny: allow ? [] : [{ code: 'FROZEN', msg: 'prod is frozen', evidence: {}, docs: '' }],
      warn: [],
      waiversUsed: [],
      recorded: [],
    });
    const facts = {
      pullRequest: { number: 7, title: 'Release it' },
      changes: [{ service: 'checkout', environment: 'prod' }],
    };
    const all = told(
      opening(1),
      entry(2, 'release.held', lane, { release, held: true }),
      entry(3, 'release.held', lane, { release, held: false }),
      moving(4, 'Promote', 'Stable', 'FULL_TRAFFIC'),
      moving(5, 'Canary', 'Abort', 'HARM_SHOWN', { blamed: true }),
      entry(6, 'proposal.opened', lane, {
        kind: 'promotion',
        number: 7,
        artefact: { version: '1.2.0', digest: 'x' },
        from: ['stage'],
        why: '1.2.0 is stable in stage',
      }),
      entry(7, 'gate.decided', 'pull/7', { decision: decision(false), facts }),
      entry(8, 'gate.decided', 'pull/7', { decision: decision(true), facts }),
      entry(9, 'proposal.ended', lane, { number: 7, how: 'merged', why: 'it was merged' }),
      entry(10, 'freeze.moved', lane, {
        slo: 's',
        cause: 'budget',
        reason: 'nothing is left',
        overruled: false,
        calmSince: null,
        left: 0,
        fast: 0,
        slow: 0,
      }),
      entry(11, 'freeze.moved', lane, {
        slo: 's',
        cause: 'budget',
        reason: 'nothing is left',
        overruled: false,
        calmSince: 9,
        left: 0,
        fast: 0,
        slow: 0,
      }),
      entry(12, 'freeze.moved', lane, {
        slo: 's',
        cause: null,
        reason: 's has recovered',
        overruled: false,
        calmSince: null,
        left: 1,
        fast: 0,
        slow: 0,
      }),
      entry(13, 'sync.moved', lane, { to: 'OutOfSync', why: 'Git asks for 2' }),
      entry(14, 'sync.moved', lane, { to: 'Synced', why: '2 serves' }),
    );
    expect(all.map((n) => n && [n.kind, n.title])).toEqual([
      ['started', 'checkout 1.2.0 is being released in prod'],
      ['needs-a-person', 'checkout 1.2.0 needs you in prod'],
      ['started', 'checkout 1.2.0 is being released in prod'],
      ['promoted', 'checkout 1.2.0 is released in prod'],
      ['rolled-back', 'checkout 1.2.0 was rolled back in prod'],
      ['proposed', '#7: Promote checkout to 1.2.0 in prod'],
      ['denied', '#7: Promote checkout to 1.2.0 in prod'],
      ['proposed', '#7: Promote checkout to 1.2.0 in prod'],
      ['proposed', '#7: Promote checkout to 1.2.0 in prod'],
      ['freeze', 'checkout is frozen in prod'],
      null,
      ['freeze', 'checkout can be released in prod again'],
      ['drift', 'checkout in prod is out of sync with Git'],
      ['drift', 'checkout in prod is in sync with Git again'],
    ]);
    expect(new Set(all.flatMap((n) => n?.kind ?? []))).toEqual(new Set(NOTICE_KINDS));
    for (const n of all) if (n) expect(n.path).toMatch(/^\/(releases|pulls|freezes|pipeline)/);
  });
});
