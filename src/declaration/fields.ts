import { z } from 'zod';
import { addressRefusal, hostRefusal } from '../kit/addresses.ts';
import { parseDuration } from '../kit/time.ts';

/** Field shapes that OpenSLO documents and the Platform share. */
export const name = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'expected a name (RFC 1123): lower-case letters, digits and dashes, 63 at most',
  );
/** Of an object in a cluster: dots are taken, and it may be long. */
const kubernetesName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/,
    'expected the name of a Kubernetes object: lower-case letters, digits, dashes and dots',
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
/** A text, written with quotes or without: `tier: 1` is the text 1. */
const word = z.union([z.string(), z.number().transform(String), z.boolean().transform(String)]);
export const metadata = z.strictObject({
  name: documentName,
  displayName: z.string().optional(),
  /** Where it lies in a cluster: read, and of no meaning here. */
  namespace: z.string().optional(),
  labels: z.record(z.string(), z.union([word, z.array(word)])).optional(),
  annotations: z.record(z.string(), word).optional(),
});

/** A key of a Secret in a cluster. */
export const secretKey = z.strictObject({
  name: kubernetesName,
  key: z.string().regex(/^[-._a-zA-Z0-9]+$/, 'expected a key of a Secret'),
});

/** One number within bounds, beside the objectives. */
export const guard = z
  .strictObject({
    name,
    query: z.string(),
    min: z.number().optional(),
    max: z.number().optional(),
    noData: z.enum(['pass', 'hold', 'fail']).default('hold'),
    for: duration.default('0s'),
  })
  .refine((g) => g.min !== undefined || g.max !== undefined, 'expected min or max');

/** Where a service runs, and which container of its pods it is. */
export const placeFields = {
  environments: z
    .array(z.string())
    .min(1, 'expected at least one environment; omit the key for all of them')
    .optional()
    .describe('Environments in which it runs; by default all. Promotion passes over the others.'),
  rollout: kubernetesName.optional().describe('Name of its Rollout; by default the name of the service.'),
  container: name
    .optional()
    .describe('The container that is the service; by default the only one, or the one whose image changes.'),
  namespace: z
    .string()
    .regex(
      /^([a-z0-9-]|\{environment\})+$/,
      'expected the name of a namespace, optionally with {environment}',
    )
    .optional()
    .describe(
      'Its namespace in a cluster; {environment} is replaced by the name of the environment. Defaults to the namespace of the environment.',
    ),
};

const allowed =
  (refusal: (text: string) => string | null) =>
  (text: string, context: z.RefinementCtx): void => {
    const message = refusal(text);
    if (message !== null) context.addIssue({ code: 'custom', message, input: text });
  };

/** An address is rendered, logged and shown: a password in it would be, too. Some are never asked. */
export const http = z
  .string()
  .regex(/^https?:\/\/[^\s]+$/, 'expected an http:// or https:// address')
  .superRefine(allowed(addressRefusal));

/** The same of something that paths are put after. */
export const httpBase = z
  .string()
  .regex(/^https?:\/\/[^\s]+[^/\s]$/, 'expected an http:// or https:// address without a slash at its end')
  .superRefine(allowed(addressRefusal));

export const mailAddress = z.string().regex(/^[^\s@]+@[^\s@]+$/, 'expected an e-mail address');

const smarthost = z
  .string()
  .regex(/^[^\s:]+:\d+$/, 'expected host:port')
  .superRefine(allowed(hostRefusal));

/** From whom mail comes, and by which server. */
export const mailFields = { from: mailAddress, smarthost, username: z.string().optional() };

export const prometheusVersion = z.string().regex(/^\d+\.\d+/, 'expected a version such as 2.42');
