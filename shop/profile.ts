import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { z } from 'zod';
import { digestOf } from '../src/kit/digest.ts';

/** How one version of one service behaves: the fault it carries, if any. */
const profileSchema = z.strictObject({
  description: z.string().default(''),
  /** Share of requests that fail. */
  errorRate: z.number().min(0).max(1).default(0),
  addedLatencyMs: z.number().min(0).default(0),
  crashOnStart: z.boolean().default(false),
  /** The process ends this long after its start. */
  crashAfterSeconds: z.number().positive().optional(),
  /** Share of orders with a coupon that fail: what no load test sends, and users do. */
  couponErrorRate: z.number().min(0).max(1).optional(),
  /** The fault begins this long after the start. */
  failsAfterSeconds: z.number().min(0).default(0),
});

const releasesSchema = z.strictObject({
  /** Errors that every version of a service makes in normal life. */
  background: z.record(z.string(), z.number().min(0).max(1)).default({}),
  services: z.record(z.string(), z.record(z.string(), profileSchema)),
  incidents: z
    .record(
      z.string(),
      z.strictObject({
        service: z.string(),
        errorRate: z.number().min(0).max(1),
        seconds: z.number().positive().max(120),
      }),
    )
    .default({}),
});
export type Releases = z.infer<typeof releasesSchema>;

export const readReleases = (file: string): Releases =>
  releasesSchema.parse(parse(readFileSync(file, 'utf8')));

/** The artefact of a version is its profile; its digest is exact. */
export function digestOfVersion(releases: Releases, service: string, version: string): string {
  const profile = releases.services[service]?.[version];
  if (!profile) throw new Error(`${service} has no version ${version} in releases.yaml`);
  return digestOf({ service, version, profile });
}
