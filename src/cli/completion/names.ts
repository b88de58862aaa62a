import { resolve } from 'node:path';
import type { LaneSummary } from '../../api/lane.ts';
import { clientOf, serverAt } from '../client.ts';
import { readContexts } from '../client-config.ts';
import type { Io } from '../io.ts';
import { contextServer, remoteOf, type ServerAddress } from '../server-address.ts';

/** Nobody waits longer for a tab, unless `SLUICE_COMPLETION_MS` says so. */
const PATIENCE_MS = 1_500;

/** What an argument or the value of an option names. */
type NameKind = 'service' | 'environment' | 'slo' | 'context' | 'server' | 'subject';

const KINDS: Readonly<Record<string, NameKind>> = {
  service: 'service',
  environment: 'environment',
  slo: 'slo',
  context: 'context',
  scope: 'subject',
};

/** What an argument of a command names; undefined: nothing that is known. */
export function argumentKind(path: string, argument: string): NameKind | undefined {
  if (/^context (use|remove)$/.test(path)) return 'context';
  if (path === 'explain slo' && argument === 'name') return 'slo';
  return KINDS[argument];
}

/** What the value of an option names, by its long name. */
export const optionKind = (long: string): NameKind | undefined =>
  long === '--server' ? 'server' : long === '--subject' ? 'subject' : KINDS[long.slice(2)];

/** The server that a line is about, as its command would find it. */
function placeOf(io: Io, values: ReadonlyMap<string, string>): ServerAddress {
  const [work, server, context] = [values.get('--work'), values.get('--server'), values.get('--context')];
  if (work !== undefined) return { work: resolve(io.cwd, work) };
  const here = resolve(io.cwd, '.sluice');
  if (context !== undefined) return { work: here, server: remoteOf(contextServer(context, io.env), io.env) };
  const address = server ?? io.env['SLUICE_SERVER'];
  if (address) return { work: here, server: remoteOf(address, io.env) };
  const { current } = readContexts(io.env);
  return current === null
    ? { work: here }
    : { work: here, context: remoteOf(contextServer(current, io.env), io.env) };
}

async function lanesOf(io: Io, values: ReadonlyMap<string, string>): Promise<readonly LaneSummary[]> {
  const server = serverAt(placeOf(io, values));
  if (!server) return [];
  const client = clientOf(server, Number(io.env['SLUICE_COMPLETION_MS']) || PATIENCE_MS);
  return (await client.get('/api/v1/overview')).lanes;
}

const KNOWN_TO_SERVER = {
  service: (lanes: readonly LaneSummary[]) => lanes.map((lane) => lane.service),
  environment: (lanes: readonly LaneSummary[], operands: readonly string[]) => {
    const own = lanes.filter((lane) => operands.includes(lane.service));
    return (own.length > 0 ? own : lanes).map((lane) => lane.environment);
  },
  slo: (lanes: readonly LaneSummary[]) => lanes.flatMap((lane) => lane.slos.map(({ slo }) => slo)),
  subject: (lanes: readonly LaneSummary[]) =>
    lanes.flatMap((lane) => [lane.environment, `${lane.service}/${lane.environment}`]),
} as const;

/** Names that exist, of contexts on this machine or of what a server knows. */
export async function namesOf(
  io: Io,
  kind: NameKind,
  operands: readonly string[],
  values: ReadonlyMap<string, string>,
): Promise<string[]> {
  if (kind === 'context') return readContexts(io.env).contexts.map((one) => one.name);
  if (kind === 'server') return readContexts(io.env).contexts.map((one) => one.server);
  return [...new Set(KNOWN_TO_SERVER[kind](await lanesOf(io, values), operands))].sort();
}
