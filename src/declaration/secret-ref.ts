/** Where a secret is kept; its value is never in a declaration, a log or the ledger. */
export type SecretRef = { readonly env: string } | { readonly file: string };
