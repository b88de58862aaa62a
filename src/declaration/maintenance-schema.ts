import { z } from 'zod';

const instant = z
  .string()
  .refine(
    (text) => /T.*(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text)),
    'expected a time with its offset, such as 2026-03-01T02:00:00+01:00',
  );
/** A span of time whose requests do not count. */
export const maintenance = z
  .strictObject({
    from: instant,
    to: instant,
    reason: z.string().min(1),
    services: z
      .array(z.string())
      .optional()
      .describe('Services whose requests do not count; all by default.'),
    environments: z.array(z.string()).optional(),
  })
  .refine((m) => Date.parse(m.to) > Date.parse(m.from), 'expected an end after the start');
