import { mapOk, type Result } from '../kit/result.ts';
import type { SignInDesk } from '../server/sign-in.ts';
import type { WiringContext } from './context.ts';
import { readOptionalSecret } from './secrets.ts';

/** What Rollouts carry who ask for a verdict; null: none is declared, and they are answered without. */
export const readVerdictToken = ({ platform, env }: WiringContext): Result<string | null, string> =>
  readOptionalSecret(platform.signIn.verdict, env);

/** Who signs in, by the declared provider. */
export async function openSignIn({ platform, env, now }: WiringContext): Promise<Result<SignInDesk, string>> {
  const { createSignIn } = await import('../server/sign-in.ts');
  const secret = readOptionalSecret(platform.signIn.people?.clientSecret, env);
  return mapOk(secret, (value) => createSignIn(platform.signIn, value, now));
}
