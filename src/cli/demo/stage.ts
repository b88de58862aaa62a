import { digestOfVersion, type Releases } from '../../../shop/profile.ts';
import type { Traffic } from '../../gitops/traffic.ts';
import { systemClock } from '../../io/clock.ts';
import type { Client } from '../api.ts';
import { clientOf, type ServeFile } from '../client.ts';
import { CliError, EXIT, type Io } from '../io.ts';
import type { CommandParts } from '../parts.ts';

export const SERVICE = 'checkout';
/** Where the users are. */
export const ENVIRONMENT = 'prod';
export const ENVIRONMENTS = ['dev', 'stage', ENVIRONMENT] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];
/** A tenth of the orders comes with a coupon, which no load test sends. */
export const RPS = { buy: 120, look: 20, coupon: 12 };
/** What does not come at all ends here; a slow machine only takes longer. */
const CHAPTER_LIMIT_MS = 900_000;
const POLL_MS = 200;

export interface DemoServer extends ServeFile {
  readonly edges: Record<string, Record<string, string>>;
}

export interface Stage {
  readonly io: Io;
  readonly releases: Releases;
  readonly server: DemoServer;
  readonly work: string;
  readonly traffic: Traffic;
  /** In the order in which a version passes them; the last one has the users. */
  readonly environments: readonly EnvironmentName[];
  readonly pushChange: CommandParts['pushChange'];
  readonly say: (text: string) => void;
  readonly tell: (text: string) => void;
}

export const desiredOf = (releases: Releases, service: string, version: string) => ({
  service,
  version,
  digest: digestOfVersion(releases, service, version),
  config: {},
});

export async function until<T>(
  what: string,
  limitMs: number,
  signal: AbortSignal,
  probe: () => Promise<T | undefined>,
): Promise<T> {
  for (
    const end = Date.now() + limitMs;
    Date.now() < end && !signal.aborted;
    await systemClock.sleep(POLL_MS)
  ) {
    const found = await probe();
    if (found !== undefined) return found;
  }
  throw new CliError(EXIT.no, {
    code: 'DEMO_EXPECTATION',
    message: signal.aborted ? 'stopped' : `${what} did not happen within ${limitMs / 1_000} s`,
    next: 'run it again; if it fails again, please report it with what it printed',
  });
}

export const client = (stage: Stage): Client => clientOf(stage.server);
/** Waits for what is to come soon, and says so where it does not. */
export const soon = <T>(stage: Stage, what: string, probe: () => Promise<T | undefined>): Promise<T> =>
  until(what, CHAPTER_LIMIT_MS, stage.io.signal, probe);
