import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { digestOfVersion, type Releases, readReleases } from '../../shop/profile.ts';
import { until as often } from '../wait.ts';
import { sluice } from './server.ts';

/** A running server over the folder of a demo whose story is over. */
export interface Demo {
  readonly work: string;
  readonly url: string;
  /** The bare repository of the desired state. */
  readonly repository: string;
}

const LIMIT_MS = 60_000;
const EVERY_MS = 200;

export const until = <T>(what: string, probe: () => Promise<T | undefined | false>): Promise<T> =>
  often(what, LIMIT_MS, probe, EVERY_MS);

export const get = async <T>(demo: Demo, path: string): Promise<T> =>
  (await (await fetch(`${demo.url}${path}`)).json()) as T;

/** A command as anybody gives it; its one document. */
async function order<T>(demo: Demo, ...args: string[]): Promise<T> {
  const done = await sluice([...args, '--work', demo.work, '--json'], demo.work);
  if (done.exit !== 0) throw new Error(`sluice ${args.join(' ')}: exit ${done.exit}: ${done.out}`);
  return JSON.parse(done.out) as T;
}

const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', ['-c', 'user.name=A developer', '-c', 'user.email=developer@localhost', ...args], {
    cwd,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });

/** A developer's branch with some files, and its pull request. */
async function propose(
  demo: Demo,
  title: string,
  files: Readonly<Record<string, string>>,
  labels: readonly string[] = [],
): Promise<number> {
  const clone = mkdtempSync(join(tmpdir(), 'kept-'));
  const branch = basename(clone);
  git(demo.work, 'clone', '--quiet', demo.repository, clone);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(clone, path)), { recursive: true });
    writeFileSync(join(clone, path), text);
  }
  git(clone, 'add', '.');
  git(clone, 'commit', '--quiet', '--no-gpg-sign', '-m', title);
  git(clone, 'push', '--quiet', 'origin', `HEAD:refs/heads/${branch}`);
  rmSync(clone, { recursive: true });
  const given = labels.flatMap((label) => ['--label', label]);
  return (await order<{ number: number }>(demo, 'pull', 'open', branch, '--title', title, ...given)).number;
}

interface Pull {
  readonly pull: { readonly allow: boolean | null; readonly deny: readonly { readonly code: string }[] };
}

const decided = (demo: Demo, number: number, allow: boolean, code?: string) =>
  until(`#${number} ${allow ? 'is allowed' : `is denied, ${code}`}`, async () => {
    const { pull } = await get<Pull>(demo, `/api/v1/pulls/${number}`);
    return pull.allow === allow && (code === undefined || pull.deny.some((d) => d.code === code));
  });

interface Lane {
  readonly service: string;
  readonly environment: string;
  readonly state: string;
  readonly stable: string | null;
  readonly paused: boolean;
}

export const lanesOf = async (demo: Demo): Promise<readonly Lane[]> =>
  (await get<{ lanes: Lane[] }>(demo, '/api/v1/overview')).lanes;

const laneIs = (demo: Demo, service: string, environment: string, what: string, is: (l: Lane) => boolean) =>
  until(`${service} in ${environment} ${what}`, async () =>
    (await lanesOf(demo)).some((l) => l.service === service && l.environment === environment && is(l)),
  );

const path = (environment: string, service: string) => `environments/${environment}/${service}.yaml`;
const desired = (releases: Releases, service: string, version: string, config = '{}') =>
  `service: ${service}\nversion: ${version}\ndigest: ${digestOfVersion(releases, service, version)}\nconfig: ${config}\n`;

/** Two people, by their tokens: the second agrees to what the first asks for. */
interface People {
  readonly first: string;
  readonly second: string;
}

async function post<T>(demo: Demo, secret: string, path: string, body: object): Promise<T> {
  const answer = await fetch(`${demo.url}/api/v1/${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  return JSON.parse(text) as T;
}

/** A freeze by hand that a waiver lets one change through, a second person agreeing; and another that is revoked. */
async function freezeAndWaiver(demo: Demo, releases: Releases, people: People): Promise<void> {
  const reason = (text: string) => ['--reason', text];
  const freeze = await order<{ id: string }>(
    demo,
    ...['freeze', 'on', 'frontend/dev', '--until', '1h'],
    ...reason('a rehearsal for customers'),
  );
  const file = { [path('dev', 'frontend')]: desired(releases, 'frontend', '1.1.0') };
  const number = await propose(demo, 'Release frontend 1.1.0', file);
  await decided(demo, number, false, 'FROZEN');
  const urgent = await propose(demo, 'Release frontend 1.1.0 at once', file, ['emergency']);
  await decided(demo, urgent, true);
  const waiver = await post<{ id: string }>(demo, people.first, 'waivers', {
    scope: 'frontend/dev',
    codes: ['FROZEN'],
    reason: 'the rehearsal needs it',
    expires: new Date(Date.now() + 30 * 60_000).toISOString(),
    singleUse: true,
  });
  await post(demo, people.second, `waivers/${waiver.id}/approve`, { reason: 'agreed' });
  await decided(demo, number, true);
  await order(demo, 'pull', 'merge', String(number));
  const other = await order<{ id: string }>(
    demo,
    ...['waiver', 'grant', 'prod', '--expires', '10m'],
    ...reason('asked for by mistake'),
  );
  await order(demo, 'waiver', 'revoke', other.id, ...reason('a mistake'));
  await release(demo);
  await order(demo, 'freeze', 'off', freeze.id, ...reason('the rehearsal is over'));
}

/** A release that people pause, let go on, and abort. */
async function release(demo: Demo): Promise<void> {
  const is = (what: string, fits: (lane: Lane) => boolean) => laneIs(demo, 'frontend', 'dev', what, fits);
  const tell = (name: string, reason: string) =>
    order(demo, 'release', name, 'frontend', 'dev', '--reason', reason);
  await is('begins', (l) => l.state === 'Canary' || l.state === 'Evaluating');
  await tell('pause', 'let me see it');
  await is('is paused', (l) => l.paused);
  await tell('resume', 'seen');
  await is('goes on', (l) => !l.paused);
  await tell('abort', 'not today');
  // Nobody uses dev: without requests nothing shows that it recovered.
  await is('is given up', (l) => l.state === 'Degraded' && l.stable === '1.0.0');
}

/** Pull requests that stay open, each with another answer of the gate. */
async function pulls(demo: Demo, releases: Releases): Promise<void> {
  const checkout = (version: string, environment: string, config?: string) => ({
    [path(environment, 'checkout')]: desired(releases, 'checkout', version, config),
  });
  const skips = await propose(demo, 'checkout 1.2.0 to prod at once', checkout('1.2.0', 'prod'));
  await decided(demo, skips, false, 'NOT_STABLE_BEFORE');
  const condemned = await propose(demo, 'checkout 1.3.0 again', checkout('1.3.0', 'dev'));
  await decided(demo, condemned, false, 'REJECTED_DIGEST');
  const digest = digestOfVersion(releases, 'checkout', '1.3.0');
  const why = ['--reason', 'it was not its fault'];
  await order(demo, 'release', 'lift', 'checkout', 'dev', '--digest', digest, ...why);
  await decided(demo, condemned, true);
  const back = await propose(demo, 'checkout 1.1.0 again', checkout('1.1.0', 'prod'));
  await decided(demo, back, true);
  await decided(demo, await propose(demo, 'Say hello', { 'README.md': 'hello\n' }), true);
  const broken = { [path('prod', 'cart')]: 'service: cart\nversion: [\n' };
  await decided(demo, await propose(demo, 'cart, in a hurry', broken), false);
  const all = ['frontend', 'cart', 'checkout', 'payment'].map((service) => [
    path('stage', service),
    desired(releases, service, service === 'checkout' ? '2.0.1' : '1.0.0', '{ LOG_LEVEL: debug }'),
  ]);
  const many = await propose(demo, 'More logs everywhere', Object.fromEntries(all));
  await until('many changes are decided', async () => {
    const { pull } = await get<Pull>(demo, `/api/v1/pulls/${many}`);
    return pull.allow !== null;
  });
}

/** What failed while only users found out does not count: the incident is excluded, with its approver. */
async function exclude(demo: Demo): Promise<void> {
  const { releases } = await get<{
    releases: { service: string; environment: string; blamed: boolean; openedAt: number; endedAt: number }[];
  }>(demo, '/api/v1/releases');
  const bad = releases.find((r) => r.service === 'checkout' && r.environment === 'prod' && r.blamed)!;
  const moment = (at: number) => new Date(at).toISOString();
  await order(
    demo,
    ...['budget', 'exclude', 'checkout-availability', 'prod'],
    ...['--from', moment(bad.openedAt), '--to', moment(bad.endedAt)],
    ...['--reason', 'coupons were announced too early', '--approver', 'lead'],
  );
}

/**
 * Orders that the demo's own story has no need for, so that its ledger holds their records, too. Gives the secret of
 * a token: the ledger holds its hash, and no server of this ledger runs any more.
 */
export async function giveOrders(demo: Demo, declaration: string): Promise<string> {
  const releases = readReleases(join(declaration, 'releases.yaml'));
  const scopes = ['--scope', 'read', 'operate', 'waive'];
  const tokenOf = async (name: string, person: string): Promise<string> =>
    (await order<{ token: string }>(demo, 'token', 'create', name, '--for', person, ...scopes)).token;
  const first = await tokenOf('first-person', 'ann');
  const second = await tokenOf('second-person', 'ben');
  await freezeAndWaiver(demo, releases, { first, second });
  await exclude(demo);
  await pulls(demo, releases);
  return second;
}
