import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildWasm, manifestOf } from '../../scripts/policy.mjs';
import { policyPage } from '../../scripts/policy-docs.mjs';
import { SAMPLES, samplesPage } from '../../scripts/samples.ts';
import { askPolicy } from '../../src/controller/gate/decide.ts';
import { wasmPolicy } from '../../src/governance/adapters/opa-wasm/policy.ts';
import { answerOf } from '../../src/governance/decision.ts';
import { policyIdentity } from '../../src/governance/modules.ts';
import { UNBLOCK } from '../../src/governance/words.ts';
import { canonicalText } from '../../src/kit/canonical.ts';
import { temporaryFolder } from '../folder.ts';
import { tool } from '../tools.ts';
import { expectedDigest, MODULES, moduleFiles, type OpaServer, POLICY, startOpa, wasm } from './engines.ts';

const opa = tool('opa');
const facts = (file: string): object => SAMPLES.find((s) => s.file === file)!.facts;
const FULL = facts('freeze-revert.allowed.json') as Record<string, unknown>;
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

describe('the policy compiled in', () => {
  it.each(SAMPLES.map((s) => [s.file, s] as const))(
    'POLICY-1: %s is decided as documented',
    async (_, sample) => {
      const answer = answerOf(await wasm().gate(sample.facts));
      expect(codes(answer)).toEqual(sample.deny);
      expect(answer.allow).toBe(sample.deny.length === 0);
      for (const d of answer.deny) {
        expect(d.msg.length).toBeGreaterThan(0);
        expect(d.docs).toBe(`docs/policy.md#${d.code.toLowerCase()}`);
      }
    },
  );

  it('POLICY-1: the samples that are committed are those, and their page says so', () => {
    const folder = join(POLICY, 'samples');
    expect(readdirSync(folder).sort()).toEqual([...SAMPLES.map((s) => s.file), 'README.md'].sort());
    for (const { file, facts: wanted } of SAMPLES)
      expect(JSON.parse(readFileSync(join(folder, file), 'utf8'))).toEqual(wanted);
    expect(readFileSync(join(folder, 'README.md'), 'utf8')).toBe(samplesPage());
  });

  it('POLICY-2: every rule has a sample, an anchor in the docs and words that help', () => {
    const texts = moduleFiles()
      .map((file) => readFileSync(file, 'utf8'))
      .join('\n');
    const named = new Set([...texts.matchAll(/"code": "([A-Z_]+)"/g)].map((m) => m[1]!));
    const docs = readFileSync(join(POLICY, '../docs/policy.md'), 'utf8');
    expect(docs).toBe(policyPage(MODULES));
    for (const code of named) expect(docs, code).toContain(`### ${code}`);
    const denied = new Set(SAMPLES.flatMap((s) => s.deny));
    const denying = [...texts.matchAll(/deny contains \{\n\t"code": "([A-Z_]+)"/g)].map((m) => m[1]!);
    for (const code of denying) expect(UNBLOCK[code], code).toBeDefined();
    for (const code of denying) expect(denied, code).toContain(code);
  });

  it('POLICY-3: what is committed is what the modules say', () => {
    const bytes = readFileSync(join(POLICY, 'sluice.wasm'));
    const manifest = JSON.parse(readFileSync(join(POLICY, 'sluice.json'), 'utf8'));
    expect(manifest).toEqual(manifestOf(bytes));
    expect(
      policyIdentity(
        moduleFiles().map((f) => readFileSync(f, 'utf8')),
        null,
      ).digest,
    ).toBe(manifest.digest);
  });

  it.skipIf(!opa)('POLICY-3: building it again gives the same bytes', () => {
    const built = buildWasm(opa!);
    expect(Buffer.compare(built, readFileSync(join(POLICY, 'sluice.wasm')))).toBe(0);
  });

  it.skipIf(!opa)('POLICY-4: its own tests pass and cover every line; it is strict and formatted', () => {
    const run = (...args: string[]) => spawnSync(opa!, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
    expect(run('fmt', '--list', MODULES).stdout).toBe('');
    expect(run('check', '--strict', MODULES)).toMatchObject({ status: 0 });
    const tested = run('test', '--coverage', '--threshold', '100', '--format=json', MODULES);
    expect(tested.status, tested.stderr).toBe(0);
    expect(JSON.parse(tested.stdout).coverage).toBe(100);
    expect(run('test', MODULES).stdout).toMatch(/PASS: (6\d|[7-9]\d|\d{3})\//);
  });

  it('POLICY-5: a field that is missing, anywhere, never allows', () =>
    fc.assert(
      fc.asyncProperty(fc.constantFrom(...Object.keys(FULL)), async (name) => {
        const { [name]: _, ...rest } = FULL;
        const needed = name !== 'platform';
        expect(answerOf(await wasm().gate(rest)).allow).toBe(!needed);
      }),
      { numRuns: 30 },
    ));

  it('POLICY-5: facts that are nonsense are denied, whatever they are', () =>
    fc.assert(
      fc.asyncProperty(fc.object({ maxDepth: 3 }), async (value) => {
        const answer = answerOf(await wasm().gate(value));
        expect(answer.allow).toBe(false);
        expect(answer.deny.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    ));

  it('POLICY-5: inside a part, a field of another type never allows', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('slo', 'left', 'fast', 'slow', 'thresholds', 'error', 'service', 'environment'),
        fc.constantFrom<unknown>('x', true, [1], { a: 1 }),
        async (field, value) => {
          const [slo] = FULL['slos'] as Record<string, unknown>[];
          if (typeof value === typeof slo![field] && !Array.isArray(value)) return;
          const spoiled = {
            ...(facts('budget.allowed.json') as object),
            slos: [{ ...slo, left: 0.5, [field]: value }],
          };
          expect(answerOf(await wasm().gate(spoiled)).allow).toBe(false);
        },
      ),
      { numRuns: 80 },
    ));

  it('POLICY-6: an answer that is not the documented one, or contradicts itself, denies', () => {
    const value = { allow: true, deny: [], warn: [], recorded: [], waiversUsed: [] };
    const reason = { code: 'X', msg: 'x', evidence: {}, docs: '' };
    expect(answerOf({ ok: true, value }).allow).toBe(true);
    expect(answerOf({ ok: true, value: { ...value, deny: [reason] } }).allow).toBe(false);
    for (const odd of [
      undefined,
      null,
      true,
      'allow',
      {},
      { allow: 'true' },
      { ...value, allow: false },
      { allow: true },
    ]) {
      const answer = answerOf({ ok: true, value: odd });
      expect(answer.allow).toBe(false);
      expect(codes(answer)).toEqual(['POLICY_UNDEFINED']);
    }
  });
});

describe('the policy of a team', () => {
  it.skipIf(!opa)('POLICY-7: its denials join ours, and may be waived like ours', async () => {
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

  it.skipIf(!opa)('POLICY-7: a bundle with another digest than declared denies, and says which', async () => {
    const bundle = teamBundle(TEAM);
    const policy = wasmPolicy({ directory: POLICY, team: { ...bundle, digest: `sha256:${'0'.repeat(64)}` } });
    const { answer } = await askPolicy(policy, facts('budget.allowed.json'));
    expect(codes(answer)).toEqual(['POLICY_DIGEST']);
    expect(answer.deny[0]!.msg).toContain(bundle.digest);
  });

  it.skipIf(!opa)('POLICY-7: a bundle that defines no deny, or is no bundle, never allows', async () => {
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
