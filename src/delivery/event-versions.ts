import { invariant } from '../kit/result.ts';
import { queriesDigest } from '../runtime/queries.ts';
import { type Event, type EventType, eventSchemas } from './events.ts';

/** Upcasters to the next version; the first one takes version 1. */
type Upcaster = (data: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>;
const UPCASTERS: Readonly<Partial<Record<EventType, readonly Upcaster[]>>> = {
  // Version 1 had the queries themselves in every record, as texts.
  'release.looked': [({ queries, ...rest }) => ({ ...rest, asked: queriesDigest(queries as string[]) })],
};
const versionOf = (type: EventType): number => 1 + (UPCASTERS[type]?.length ?? 0);

/** The version in which each type of event is written. */
export const EVENT_VERSIONS = Object.fromEntries(
  (Object.keys(eventSchemas) as EventType[]).map((type) => [type, versionOf(type)]),
) as Readonly<Record<EventType, number>>;

/** The versions of some of them: what a fold reads. */
export const versionsOf = (...types: readonly EventType[]): Readonly<Record<string, number>> =>
  Object.fromEntries(types.map((type) => [type, EVENT_VERSIONS[type]]));

/** Reads a recorded event of any version that was ever written. */
export function upcast(type: string, v: number, data: unknown): Event {
  const schema = eventSchemas[type as EventType];
  invariant(schema, `${type} is an event of a release`);
  const newest = EVENT_VERSIONS[type as EventType];
  invariant(v >= 1 && v <= newest, `${type} has version ${v}, this engine knows ${newest}`);
  const upcasters = UPCASTERS[type as EventType] ?? [];
  const current = upcasters.slice(v - 1).reduce<unknown>((d, up) => up(d as Parameters<Upcaster>[0]), data);
  return { type, data: schema.parse(current) } as Event;
}
