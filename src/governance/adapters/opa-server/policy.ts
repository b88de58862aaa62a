import { request } from 'undici';
import { z } from 'zod';
import { textOf } from '../../../io/answer.ts';
import { sha256 } from '../../../kit/digest.ts';
import { parseForeign } from '../../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import { policyIdentity } from '../../modules.ts';
import type { PolicyFailure, PolicyIdentity, PolicyPort } from '../../port.ts';

export interface ServerOptions {
  readonly address: string;
  readonly bearer?: string;
  readonly timeoutMs?: number;
  /** Whether the team keeps a package `sluice.team` there: then it has to answer. */
  readonly team: boolean;
  /** Digest of the policy that ought to be there: that of the file this version of Sluice came with. */
  readonly expected: string;
}

const TIMEOUT_MS = 5_000;
const policiesSchema = z.object({ result: z.array(z.object({ id: z.string(), raw: z.string() })) });
const dataSchema = z.object({ result: z.unknown().optional() });

const unreachable = (message: string): { ok: false; error: PolicyFailure } =>
  fail({ code: 'POLICY_UNREACHABLE', message });

type Answer = Promise<Result<unknown, PolicyFailure>>;

async function ask(options: ServerOptions, path: string, body?: object): Answer {
  try {
    const answer = await request(`${options.address}${path}`, {
      method: body ? 'POST' : 'GET',
      headers: {
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...(options.bearer ? { authorization: `Bearer ${options.bearer}` } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    });
    const text = await textOf(answer);
    if (answer.statusCode !== 200)
      return unreachable(`the OPA server answers ${answer.statusCode}: ${text.slice(0, 200)}`);
    return ok(parseForeign(text));
  } catch (thrown) {
    return unreachable(`the OPA server at ${options.address} does not answer: ${messageOf(thrown)}`);
  }
}

async function documentOf(options: ServerOptions, path: string, facts: object): Answer {
  const answer = await ask(options, `/v1/data/${path}?strict-builtin-errors=true`, { input: facts });
  if (!answer.ok) return answer;
  const parsed = dataSchema.safeParse(answer.value);
  // An undefined document is an answer without a result: never an allow.
  return parsed.success && parsed.data.result !== undefined
    ? ok(parsed.data.result)
    : fail({ code: 'POLICY_UNDEFINED', message: `the OPA server knows no ${path.replaceAll('/', '.')}` });
}

/** Which policy answers, by its modules; refused where it is not the one that this version came with. */
async function identityOf(options: ServerOptions): Promise<Result<PolicyIdentity, PolicyFailure>> {
  const answer = await ask(options, '/v1/policies');
  if (!answer.ok) return answer;
  const parsed = policiesSchema.safeParse(answer.value);
  if (!parsed.success) return unreachable('the OPA server lists no policies');
  const texts = parsed.data.result.map((p) => p.raw).filter((raw) => !/^package \S+_test$/m.test(raw));
  const ours = texts.filter((raw) => /^package sluice\.(?!team\b)/m.test(raw));
  const team = texts.filter((raw) => /^package sluice\.team\b/m.test(raw));
  const own = policyIdentity(ours, null);
  if (own.digest !== options.expected)
    return fail({
      code: 'POLICY_DIGEST',
      message: `the OPA server holds another policy of the gate (${own.revision}) than this version came with (${options.expected.slice(7, 19)}): load policy/sluice without its tests (opa run --server --ignore '*_test.rego' policy/sluice)`,
    });
  if (!options.team) return ok(own);
  const digest = `sha256:${sha256(`${own.digest}\u0000${policyIdentity(team, null).digest}`)}`;
  return ok({ revision: digest.slice(7, 19), digest });
}

/** An OPA server over its REST API. Its modules are read to know which policy answers. */
export const serverPolicy = (options: ServerOptions): PolicyPort => ({
  engine: 'server',
  identity: () => identityOf(options),
  team: (facts) => (options.team ? documentOf(options, 'sluice/team/deny', facts) : Promise.resolve(ok([]))),
  gate: (facts) => documentOf(options, 'sluice/gate/decision', facts),
});
