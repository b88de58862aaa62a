import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import { systemWords } from '../../../io/system-failure.ts';
import { wellFormed } from '../../../kit/json.ts';
import { fail, messageOf, ok, type Result } from '../../../kit/result.ts';
import type { PolicyFailure, PolicyIdentity, PolicyPort } from '../../port.ts';

/** The part of the SDK that is used: it is CommonJS without types of its own. */
interface LoadedPolicy {
  evaluate(input: object, entrypoint?: string): readonly { readonly result: unknown }[];
}

export interface WasmOptions {
  /** Folder that holds `sluice.wasm` and `sluice.json`. */
  readonly directory: string;
  /** The team's own bundle: a file made by `opa build -t wasm`, and the digest it has to have. */
  readonly team?: { readonly file: string; readonly digest: string } | null;
  /** The most memory of each policy, in pages of 64 KiB. */
  readonly maxPages?: number;
}

const manifestSchema = z.object({ revision: z.string(), digest: z.string(), wasm: z.string() });
const TEAM_ENTRYPOINT = 'sluice/team/deny';
/** Of 64 KiB: what the facts of the most lanes take, and as much again. */
const MAX_PAGES = 4_096;

const fileDigest = (bytes: Uint8Array): string =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const undefinedPolicy = (message: string): { ok: false; error: PolicyFailure } =>
  fail({ code: 'POLICY_UNDEFINED', message });

type Load = (bytes: Uint8Array, memory: object) => Promise<LoadedPolicy>;

async function load(bytes: Uint8Array, maximum = MAX_PAGES): Promise<LoadedPolicy> {
  const sdk = (await import('@open-policy-agent/opa-wasm')) as unknown as {
    loadPolicy?: Load;
    default?: { loadPolicy: Load };
  };
  const loadPolicy = sdk.loadPolicy ?? sdk.default?.loadPolicy;
  if (!loadPolicy) throw new Error('the SDK has no loadPolicy');
  return loadPolicy(bytes, { initial: 5, maximum });
}

/** `policy.wasm` of a bundle: a tar of 512-byte blocks, a name and an octal size in each header. */
export function wasmOfBundle(file: Uint8Array): Uint8Array | null {
  if (file[0] === 0x00 && file[1] === 0x61) return file;
  const tar = file[0] === 0x1f ? gunzipSync(file) : Buffer.from(file);
  for (let at = 0; at + 512 <= tar.length; ) {
    const name = tar
      .subarray(at, at + 100)
      .toString('utf8')
      .replace(/\0.*$/s, '');
    const size = Number.parseInt(tar.subarray(at + 124, at + 136).toString('utf8'), 8);
    if (name === '' || Number.isNaN(size)) return null;
    if (/(^|\/)policy\.wasm$/.test(name)) return tar.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return null;
}

function evaluate(policy: LoadedPolicy, facts: object, entrypoint: string): Result<unknown, PolicyFailure> {
  try {
    const [first] = policy.evaluate(facts, entrypoint);
    return first === undefined || first.result === undefined
      ? undefinedPolicy(`the policy's ${entrypoint} is undefined for these facts`)
      : ok(wellFormed(first.result));
  } catch (thrown) {
    const message = messageOf(thrown);
    return /opa_malloc|memory/.test(message)
      ? fail({
          code: 'TOO_LARGE',
          message: `the facts are too large for the policy's ${entrypoint} (${message})`,
        })
      : undefinedPolicy(`the policy's ${entrypoint} failed: ${message}`);
  }
}

/** A policy whose bytes are at hand: one that was kept in the ledger. */
export function keptPolicy(bytes: Uint8Array, identity: PolicyIdentity): PolicyPort {
  let loaded: Promise<LoadedPolicy> | null = null;
  return {
    engine: 'wasm',
    identity: async () => ok(identity),
    team: async () => ok([]),
    async gate(facts) {
      loaded ??= load(bytes);
      try {
        return evaluate(await loaded, facts, 'sluice/gate/decision');
      } catch (thrown) {
        return undefinedPolicy(`the policy that was kept cannot be loaded: ${messageOf(thrown)}`);
      }
    },
  };
}

interface OwnPolicy {
  readonly policy: LoadedPolicy;
  readonly identity: PolicyIdentity;
}

async function loadOwn({ directory, maxPages }: WasmOptions): Promise<Result<OwnPolicy, PolicyFailure>> {
  try {
    const bytes = readFileSync(join(directory, 'sluice.wasm'));
    const manifest = manifestSchema.parse(JSON.parse(readFileSync(join(directory, 'sluice.json'), 'utf8')));
    if (fileDigest(bytes) !== manifest.wasm)
      return fail({ code: 'POLICY_DIGEST', message: 'sluice.wasm is not the file that sluice.json names' });
    const { revision, digest } = manifest;
    return ok({ policy: await load(bytes, maxPages), identity: { revision, digest } });
  } catch (thrown) {
    return undefinedPolicy(`the policy cannot be loaded: ${messageOf(thrown)}`);
  }
}

/** Null: the team has none. */
async function loadTeam({
  team,
  maxPages,
}: WasmOptions): Promise<Result<LoadedPolicy | null, PolicyFailure>> {
  if (!team) return ok(null);
  try {
    const bytes = readFileSync(team.file);
    if (fileDigest(bytes) !== team.digest)
      return fail({
        code: 'POLICY_DIGEST',
        message: `the team's bundle has digest ${fileDigest(bytes)}, declared is ${team.digest}`,
      });
    const wasm = wasmOfBundle(bytes);
    return wasm
      ? ok(await load(wasm, maxPages))
      : undefinedPolicy("the team's bundle holds no policy.wasm: build it with opa build -t wasm");
  } catch (thrown) {
    return undefinedPolicy(`the team's bundle cannot be loaded: ${systemWords(thrown, team.file)}`);
  }
}

/** What `make` gives, made when it is first asked for. */
function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

/** The policy in this process, compiled to WebAssembly: loaded once, when it is first asked. */
export function wasmPolicy(options: WasmOptions): PolicyPort {
  const { team } = options;
  const own = once(() => loadOwn(options));
  const ofTeam = once(() => loadTeam(options));
  return {
    engine: 'wasm',
    async identity() {
      const loaded = await own();
      if (!loaded.ok) return loaded;
      const { revision, digest } = loaded.value.identity;
      if (!team) return ok({ revision, digest });
      const both = fileDigest(Buffer.from(`${digest}\u0000${team.digest}`));
      return ok({ revision: both.slice(7, 19), digest: both });
    },
    async team(facts) {
      const loaded = await ofTeam();
      if (!loaded.ok) return loaded;
      return loaded.value ? evaluate(loaded.value, facts, TEAM_ENTRYPOINT) : ok([]);
    },
    async gate(facts) {
      const loaded = await own();
      return loaded.ok ? evaluate(loaded.value.policy, facts, 'sluice/gate/decision') : loaded;
    },
  };
}
