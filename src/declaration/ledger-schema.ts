import { z } from 'zod';
import { secretRef } from './governance-schema.ts';

/** Where decisions are stored, and who can say that they were. */
export const ledger = z.strictObject({
  postgres: z
    .strictObject({ url: secretRef })
    .optional()
    .describe(
      'Shared by several servers, one of which leads. The address contains a password, so it is given by reference.',
    ),
  signing: z
    .strictObject({ key: secretRef })
    .optional()
    .describe('Signs anchors, so that whoever verifies the ledger needs the public key alone.'),
});
