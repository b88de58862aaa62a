import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { oneLine } from '../../kit/line.ts';
import { serverAt } from '../client.ts';
import { CliError, EXIT, type Io } from '../io.ts';
import type { CommandParts } from '../parts.ts';
import { remoteAt, type ServerAddress } from '../server-address.ts';

/** A head that was seen before: it finds a cut tail and a rewritten chain, which the chain alone cannot show. */
export interface SeenAnchors {
  readonly seq: number;
  readonly hash: string;
  /** When it was anchored; null: somebody gave it by hand. */
  readonly at: number | null;
  readonly signature?: string | undefined;
  readonly key?: string | undefined;
}

/** `SEQ:HASH`, or a repository in which heads of this ledger were anchored. Null for every ledger there. */
export async function anchorsOf(
  io: Io,
  given: string,
  ledger: string | null,
  parts: Pick<CommandParts, 'readAnchors'>,
): Promise<SeenAnchors[]> {
  const match = /^(\d+):([0-9a-f]{64})$/.exec(given);
  if (match) return [{ seq: Number(match[1]), hash: match[2]!, at: null }];
  const refused = (message: string) =>
    new CliError(EXIT.usage, {
      code: 'BAD_ANCHOR',
      message,
      next: '--anchor is SEQ:HASH, or the desired-state repository',
    });
  const folder = resolve(io.cwd, given);
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw refused(`${given} is neither SEQ:HASH with a hash of 64 digits, nor a folder that is there`);
  const found = await parts.readAnchors(folder);
  if (!found.ok) throw refused(oneLine(found.error));
  return found.value.filter((a) => ledger === null || a.ledger === ledger);
}

/** Where this server, or the last one of this folder, anchored: nobody has to know the place. */
export function ownAnchors(place: ServerAddress): string | null {
  if (remoteAt(place)) return null;
  const { work } = place;
  const places = [serverAt(place)?.repository, join(work, 'forge', 'desired.git'), join(work, 'desired')];
  return places.find((place) => place !== undefined && existsSync(place)) ?? null;
}
