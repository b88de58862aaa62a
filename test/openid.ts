import Provider from 'oidc-provider';

/**
 * A real OpenID provider whose accounts are their names; alice is in the group sre. It answers as `issuer`, and knows
 * one client, `sluice`, that is served at `origin`.
 */
export const openIdProvider = (issuer: string, origin: string): Provider =>
  new Provider(issuer, {
    clients: [
      {
        client_id: 'sluice',
        token_endpoint_auth_method: 'none',
        redirect_uris: [`${origin}/auth/callback`],
        response_types: ['code'],
        grant_types: ['authorization_code'],
      },
    ],
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['groups'] },
    conformIdTokenClaims: false,
    findAccount: (_ctx: unknown, id: string) => ({
      accountId: id,
      claims: () => ({
        sub: id,
        email: `${id}@example.org`,
        email_verified: true,
        groups: id === 'alice' ? ['sre'] : [],
      }),
    }),
    pkce: { required: () => true },
    cookies: { keys: ['test'] },
  } as never);
