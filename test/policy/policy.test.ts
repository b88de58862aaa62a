import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manifestOf } from '../../scripts/policy.mjs';
import { policyPage } from '../../scripts/policy-docs.mjs';
import { SAMPLES, samplesPage } from '../../scripts/samples.ts';
import { answerOf } from '../../src/governance/decision.ts';
import { UNBLOCK } from '../../src/governance/decision-text.ts';
import { policyIdentity } from '../../src/governance/modules.ts';
import { MODULES, moduleFiles, POLICY, wasm } from './engines.ts';

const facts = (file: string): object => SAMPLES.find((s) => s.file === file)!.facts;
const FULL = facts('freeze-revert.allowed.json') as Record<string, unknown>;
const codes = (answer: { deny: readonly { code: string }[] }) => [...new Set(answer.deny.map((d) => d.code))];

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
