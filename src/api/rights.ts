import { z } from 'zod';
import { type LimitedGrant, SCOPES } from '../kit/actor.ts';

/** Scopes for named services alone, and for every service of named teams. */
export const limitedGrantSchema = z.object({
  scopes: z.array(z.enum(SCOPES)),
  services: z.array(z.string()),
  teams: z.array(z.string()),
});

export const grantView = ({ scopes, services, teams }: LimitedGrant): z.infer<typeof limitedGrantSchema> => ({
  scopes: [...scopes],
  services: [...services],
  teams: [...teams],
});
