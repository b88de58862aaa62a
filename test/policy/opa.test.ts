import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWasm } from '../../scripts/policy.mjs';
import { SAMPLES } from '../../scripts/samples.ts';
import { askPolicy } from '../../src/controller/gate/decide.ts';
import { wasmPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { answerOf } from '../../src/governance/decision.ts';
import { canonicalText } from '../../src/kit/canonical.ts';
import { temporaryFolder } from '../folder.ts';
import { tool } from '../tools.ts';
import { expectedDigest, MODULES, moduleFiles, type OpaServer, POLICY, startOpa, wasm } from './engines.ts';

/** What only a real OPA can say: it is built by `npm run tools`. */
const opa = tool('opa');
const facts = (file: string): object => SAMPLES.find((s) => s.file === file)!.facts;
const codes = (answer: { deny: readonly { code: string }[] }) => [...new Set(answer.deny.map((d) => d.code))];

/** A bundle of a team, as `opa build -t wasm` makes it, and its digest. */
function teamBundle(rego: string): { file: string; digest: string } {
  const work = temporaryFolder('team');
  writeFileSync(join(work, 'team.rego'), rego);
  const file = join(work, 'bundle.tar.gz');
  execFileSync(opa!, ['build', '-t', 'wasm', '-e', 'sluice/team/deny', 'team.rego', '-o', file], {
    cwd: work,
  });
  return { file, digest: `sha256:${createHash('sha256').update(readFileSync(file)).digest('hex')}` };
}
const TEAM = readFileSync(join(import.meta.dirname, 'team/team.rego'), 'utf8');
const FRIDAY = Date.parse('2026-03-06T10:00:00Z');

describe.skipIf(!opa)('the policy, by its own tools', () => {
  it('POLICY-3: building it again gives the same bytes', () => {
    const built = buildWasm(opa!);
    expect(Buffer.compare(built, readFileSync(join(POLICY, 'sluice.wasm')))).toBe(0);
  });

  it('POLICY-4: its own tests pass and cover every line; it is strict and formatted', () => {
    const run = (...args: string[]) => spawnSync(opa!, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    expect(run('fmt', '--list', MODULES).stdout).toBe('');
    expect(run('check', '--strict', MODULES)).toMatchObject({ status: 0 });
    const tested = run('test', '--coverage', '--threshold', '100', '--format=json', MODULES);
    expect(tested.status, tested.stderr).toBe(0);
    expect(JSON.parse(tested.stdout).coverage).toBe(100);
    expect(run('test', MODULES).stdout).toMatch(/PASS: (6\d|[7-9]\d|\d{3})\//);
  });
});

describe.skipIf(!opa)('the policy of a team', () => {
  it('POLICY-7: its denials join ours, and may be waived like ours', async () => {
    const policy = wasmPolicy({ directory: POLICY, team: teamBundle(TEAM) });
    const friday = { ...(facts('budget.allowed.json') as { slos: object[] }), now: FRIDAY };
    expect(codes((await askPolicy(policy, friday)).answer)).toEqual(['NO_FRIDAY']);
    const waivers = [
      {
        ...(facts('waiver.allowed.json') as { waivers: object[] }).waivers[0],
        since: FRIDAY - 1,
        expiresAt: FRIDAY + 1,
        scope: { environment: '*', service: '*' },
      },
    ];
    const waived = (await askPolicy(policy, { ...friday, waivers })).answer;
    expect(waived).toMatchObject({ allow: true, waiversUsed: ['w-1'] });
    expect((await askPolicy(policy, facts('budget.allowed.json'))).answer.allow).toBe(true);
  });

  it('POLICY-7: a bundle with another digest than declared denies, and says which', async () => {
    const bundle = teamBundle(TEAM);
    const policy = wasmPolicy({ directory: POLICY, team: { ...bundle, digest: `sha256:${'0'.repeat(64)}` } });
    const { answer } = await askPolicy(policy, facts('budget.allowed.json'));
    expect(codes(answer)).toEqual(['POLICY_DIGEST']);
    expect(answer.deny[0]!.msg).toContain(bundle.digest);
  });

  it('POLICY-7: a bundle that defines no deny, or is no bundle, never allows', async () => {
    const silent = teamBundle('package sluice.team\n\ndeny contains "x" if false\n\nother := 1\n');
    const undefinedDeny = teamBundle('package sluice.team\n\ndeny := x if { x := input.nothing.there }\n');
    const rubbish = join(temporaryFolder('team'), 'x.tar.gz');
    writeFileSync(rubbish, 'no bundle at all');
    const digest = `sha256:${createHash('sha256').update('no bundle at all').digest('hex')}`;
    const ask = async (team: { file: string; digest: string }) =>
      (await askPolicy(wasmPolicy({ directory: POLICY, team }), facts('budget.allowed.json'))).answer;
    expect((await ask(silent)).allow).toBe(true);
    expect(codes(await ask(undefinedDeny))).toEqual(['TEAM_POLICY_UNDEFINED']);
    expect(codes(await ask({ file: rubbish, digest }))).toEqual(['TEAM_POLICY_UNDEFINED']);
    expect(codes(await ask({ file: '/nowhere/x.tar.gz', digest }))).toEqual(['TEAM_POLICY_UNDEFINED']);
  });
});

describe.skipIf(!opa)('an OPA server', () => {
  let server: OpaServer;
  beforeAll(async () => {
    server = await startOpa(opa!, moduleFiles());
  });
  afterAll(() => server.stop());

  it('POLICY-8: every sample is decided the same by both engines, to the letter', async () => {
    for (const { file, facts: given } of SAMPLES) {
      const [one, other] = [await wasm().gate(given), await server.policy().gate(given)];
      expect(canonicalText(one), file).toBe(canonicalText(other));
    }
  });

  it('POLICY-8: so are facts that nobody thought of', () =>
    fc.assert(
      fc.asyncProperty(
        fc.record({
          left: fc.option(fc.double({ min: -30, max: 1, noNaN: true })),
          fast: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
          slow: fc.option(fc.double({ min: 0, max: 1000, noNaN: true })),
          requests: fc.option(fc.nat(10_000_000)),
          bad: fc.option(fc.nat(100_000)),
          coverage: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
        }),
        async (more) => {
          const sample = facts('budget.allowed.json') as { slos: object[] };
          const given = { ...sample, slos: [{ ...sample.slos[0], ...more }] };
          const [one, other] = [await wasm().gate(given), await server.policy().gate(given)];
          expect(canonicalText(one)).toBe(canonicalText(other));
        },
      ),
      { numRuns: 150 },
    ));

  it('POLICY-8: both say which policy answers, by the same digest', async () => {
    const [one, other] = [await wasm().identity(), await server.policy().identity()];
    expect(one).toEqual(other);
  });

  it('POLICY-9: a server with another policy, without one, or that is gone, never allows', async () => {
    const given = facts('budget.allowed.json');
    const other = (await askPolicy(server.policy({ expected: `sha256:${'0'.repeat(64)}` }), given)).answer;
    expect(codes(other)).toEqual(['POLICY_DIGEST']);
    const team = (await askPolicy(server.policy({ team: true }), given)).answer;
    expect(codes(team)).toEqual(['TEAM_POLICY_UNDEFINED']);
    const empty = await startOpa(opa!, []);
    expect(codes(answerOf(await empty.policy().gate(given)))).toEqual(['POLICY_UNDEFINED']);
    const gone = empty.policy();
    await empty.stop();
    expect(codes((await askPolicy(gone, given)).answer)).toEqual(['POLICY_UNREACHABLE']);
    expect(expectedDigest()).toMatch(/^sha256:/);
  });
});
