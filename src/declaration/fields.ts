import { z } from 'zod';
import { parseDuration } from '../kit/time.ts';

/** Field shapes that OpenSLO documents and the Platform share. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'expected a name (RFC 1123): lower-case letters, digits and dashes, 63 at most',
  );
export const label = z.string().regex(/^[a-zA-Z_][a-zA-Z0-9_]*$/, 'expected a Prometheus label name');
/** Written `5m`, read as milliseconds. */
export const duration = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'expected a duration such as 30s, 5m or 1h')
  .describe('A duration such as 30s, 5m, 1h or 30d.');
/** OpenSLO's own documents are written in capitals too. */
const documentName = z
  .string()
  .regex(
    /^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$/,
    'expected a name: letters, digits and dashes, 63 at most, no spaces',
  );
export const metadata = z.strictObject({
  name: documentName,
  displayName: z.string().optional(),
  labels: z.record(z.string(), z.union([z.string(), z.array(z.string())])).optional(),
  annotations: z.record(z.string(), z.string()).optional(),
});
