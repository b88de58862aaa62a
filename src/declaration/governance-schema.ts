import { z } from 'zod';
import { SCOPES } from '../kit/actor.ts';
import { GOVERNANCE_DEFAULTS } from './defaults.ts';
import { duration, httpBase as http, name } from './fields.ts';

/** What the Platform says of policy, freezes, the forge and who may sign in. */
export const secretRef = z.strictObject({
  secretRef: z.union([
    z.strictObject({ env: z.string().min(1) }),
    z.strictObject({ file: z.string().min(1) }),
  ]),
});
const share = z.number().min(-10).max(1);
const D = GOVERNANCE_DEFAULTS;

export const policy = z.strictObject({
  budget: z
    .strictObject({
      block: share.default(D.block).describe('If at most this share remains, no pull request merges.'),
      warn: share.default(D.warn),
    })
    .refine((b) => b.warn >= b.block, 'expected warn at or above block')
    .optional(),
  freeze: z
    .strictObject({
      budget: share
        .default(D.freezeAt)
        .describe('If at most this share remains, a freeze starts automatically.'),
      recover: share
        .default(D.recoverAt)
        .describe('If more than this share remains again, for this long, the freeze ends automatically.'),
      for: duration.default(D.recoverFor),
      onBurn: z.boolean().default(true).describe('The multi-window burn rule also starts a freeze.'),
    })
    .refine((f) => f.recover > f.budget, 'expected recover above budget: a freeze must not flap')
    .optional(),
  history: z
    .strictObject({
      maxFailed: z.number().int().min(0).default(D.maxFailed),
      within: duration.default(D.failedWithin),
    })
    .optional(),
  risk: z.strictObject({ maxServices: z.number().int().positive().default(D.maxServices) }).optional(),
  exempt: z
    .strictObject({
      emergency: z.array(z.string().min(1)).default([...D.emergency]),
      security: z.array(z.string().min(1)).default([...D.security]),
    })
    .optional(),
  waiver: z
    .strictObject({ max: duration.default(D.waiverMax), secondPerson: z.boolean().default(false) })
    .optional(),
  validFor: duration.default(D.validFor).describe('How long an allow decision remains valid.'),
  server: z
    .strictObject({ address: http, bearer: secretRef.optional() })
    .optional()
    .describe('An OPA server to query instead of the built-in policy.'),
  bundle: z
    .strictObject({
      path: z.string().min(1),
      digest: z.string().regex(/^sha256:[0-9a-f]{64}$/, 'expected sha256: and 64 hex digits'),
    })
    .optional()
    .describe("The team's own policy, package sluice.team: a bundle made by opa build -t wasm."),
});

const local = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?$/, 'expected a local date and time such as 2026-12-18T18:00');

export const calendarFreeze = z
  .strictObject({
    name,
    reason: z.string().trim().min(1, 'say why: the reason is shown to everybody it stops'),
    environments: z.array(z.string()).min(1).optional(),
    services: z.array(z.string()).min(1).optional(),
    timeZone: z.string(),
    start: local,
    end: local
      .optional()
      .describe('Local end of the first occurrence; later ones end at the same time of day.'),
    duration: duration.optional(),
    rrule: z.string().optional().describe('iCalendar recurrence (RFC 5545), such as FREQ=WEEKLY;BYDAY=FR.'),
  })
  .refine(
    (f) => (f.end === undefined) !== (f.duration === undefined),
    'expected exactly one of end and duration',
  );

const repository = z.string().regex(/^(?!\.{1,2}\/)[\w.-]+\/(?!\.{1,2}$)[\w.-]+$/, 'expected owner/name');
export const forge = z
  .strictObject({
    local: z
      .literal(true)
      .optional()
      .describe('Sluice keeps pull requests for a bare Git repository: for use on one machine.'),
    gitea: z
      .strictObject({ address: http, repository, token: secretRef, webhookSecret: secretRef })
      .optional(),
    github: z
      .strictObject({
        address: http.default(D.githubAddress),
        repository,
        token: secretRef.optional(),
        app: z
          .strictObject({
            id: z.number().int().positive(),
            installation: z.number().int().positive(),
            privateKey: secretRef,
          })
          .optional(),
        webhookSecret: secretRef,
      })
      .refine(
        (g) => (g.token === undefined) !== (g.app === undefined),
        'expected exactly one of token and app',
      )
      .optional(),
    branch: z.string().default('main').describe('The branch that pull requests merge into.'),
    check: z.string().default(D.check),
    declaration: z
      .string()
      .regex(/^[^/].*[^/]$/, 'expected a folder without slashes at its ends')
      .optional()
      .describe('Folder of the repository that holds this declaration.'),
  })
  .refine(
    (f) => [f.local, f.gitea, f.github].filter((x) => x !== undefined).length === 1,
    'expected exactly one of local, gitea and github',
  );

const scopes = z.array(z.enum(SCOPES, `expected scopes of ${SCOPES.join(', ')}`)).min(1);
const named = z.array(name).min(1).optional();
const limited = z
  .strictObject({
    scopes,
    services: named.describe('The scopes are for these services.'),
    teams: named.describe('The scopes are for the services of these teams.'),
  })
  .refine((g) => g.services !== undefined || g.teams !== undefined, 'expected services, teams or both');
export const signIn = z.strictObject({
  people: z
    .strictObject({
      issuer: http,
      clientId: z.string().min(1),
      clientSecret: secretRef.optional(),
      groupsClaim: z.string().default('groups'),
      groups: z
        .record(z.string(), z.union([scopes, limited]))
        .describe(
          'Which scopes the members of a group have: a list is for everything; with services or teams they are for those alone.',
        ),
      publicUrl: http.optional().describe('Where browsers reach this server; by default where it listens.'),
    })
    .optional(),
  machines: z
    .array(
      z.strictObject({
        issuer: http,
        audience: z.string().min(1),
        claims: z
          .record(z.string(), z.string())
          .refine(
            (c) => Object.keys(c).length > 0,
            'expected at least one claim: without one, every job of that issuer would be allowed',
          ),
        scopes,
        services: named.describe('The machine may act for these services alone, and for those of `teams`.'),
        teams: named.describe(
          'The machine may act for the services of these teams alone, and for `services`.',
        ),
      }),
    )
    .default([]),
  verdict: secretRef.optional(),
});
