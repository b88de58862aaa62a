import { z } from 'zod';
import { NO_DATA_DEFAULT } from './defaults.ts';
import { duration, label, metadata } from './fields.ts';

/** Windows that are recorded: alerts compare these, and no others. */
const WINDOWS = ['5m', '30m', '1h', '2h', '6h', '1d', '3d'] as const;
const window = z.enum(WINDOWS, `expected a recorded window: ${WINDOWS.join(', ')}`);
const labels = z.record(label, z.string()).default({});
const annotations = z
  .record(label, z.string())
  .default({})
  .describe(
    "Added to Sluice's own annotations, or replacing one of the same name; may contain Prometheus templates.",
  );

const level = z
  .strictObject({
    enabled: z.boolean().default(true),
    severity: z
      .string()
      .min(1)
      .optional()
      .describe('Value of the label severity, instead of page or ticket.'),
    labels,
    annotations,
    for: duration.default('0s').describe('How long the condition must hold before the alert fires.'),
    windows: z
      .array(
        z.strictObject({
          long: window,
          short: window,
          factor: z.number().positive().describe('Burn rate that both windows must reach.'),
        }),
      )
      .min(1)
      .optional()
      .describe('Windows that replace the declared pair and the ladder.'),
  })
  .optional();

export const noData = z.strictObject({
  enabled: z.boolean().default(NO_DATA_DEFAULT.enabled),
  after: duration.default(NO_DATA_DEFAULT.after).describe('How long the series must be absent.'),
  severity: z.string().min(1).default(NO_DATA_DEFAULT.severity),
});

/** How SLOs alert, where it is not as the Platform says. */
export const alertingDocument = z.strictObject({
  apiVersion: z.literal('sluice.dev/v1'),
  kind: z.literal('Alerting'),
  metadata,
  spec: z.strictObject({
    slos: z.array(z.string()).min(1, 'expected at least one SLO'),
    name: z
      .string()
      .regex(/^[^\s].{0,119}$/u, 'expected a name on one line, 120 characters at most')
      .optional()
      .describe('Name of the burn-rate alerts.'),
    labels,
    annotations,
    page: level,
    ticket: level,
    noData: noData.optional(),
  }),
});
export type AlertingDocument = z.infer<typeof alertingDocument>;
export type NoDataInput = z.infer<typeof noData>;
