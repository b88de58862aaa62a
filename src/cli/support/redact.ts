/** What stands where something was taken out. */
const TAKEN_OUT = '[left out]';

/** Variables of the environment that hold a secret by what they are called. */
const SECRET_NAME =
  /TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|APIKEY|API_KEY|PRIVATE|DSN|DATABASE_URL|COOKIE/i;

/** Shorter values are ordinary words, and taking them out would leave nothing readable. */
const LEAST_SECRET = 6;

/** Secrets by their form, wherever they stand; what is kept of a match is its first group. */
const FORMS: readonly RegExp[] = [
  /(-----BEGIN [A-Z ]*PRIVATE KEY-----)[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g,
  /([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+(?=@)/gi,
  /(\b(?:bearer|basic)\s+)[\w.~+/=-]{8,}/gi,
  /(\b)sluice_[\w-]{16,}/g,
  /(\b)(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[a-z]-[\w-]{10,}|AKIA[0-9A-Z]{16})/g,
  /(\b)eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*/g,
  /(hooks\.slack\.com\/services\/)[\w/]+/g,
  // `password: …`, `"token":"…"`, `api-key=…`; a reference to where a secret is kept is none.
  /((?:password|passwd|passphrase|secret|token|api[-_]?key|private[-_]?key|client[-_]?secret)["']?\s*[:=]\s*["']?)(?![{["'\s]|null\b|true\b|false\b|env\b|file\b)[^\s"',}]{4,}/gi,
];

/** The values of an environment that are secrets by the names of their variables, or by the names given. */
export const secretsOf = (
  env: Readonly<Record<string, string | undefined>>,
  names: ReadonlySet<string>,
): string[] =>
  Object.entries(env).flatMap(([name, value]) =>
    value && (names.has(name) || SECRET_NAME.test(name)) ? [value] : [],
  );

/** Takes secrets out of texts: those that are known, in every form in which a text may hold them, and those that look like one. */
export function redactor(known: readonly string[]): (text: string) => string {
  const forms = known
    .map((secret) => secret.trim())
    .filter(({ length }) => length >= LEAST_SECRET)
    .flatMap((secret) => [
      secret,
      JSON.stringify(secret).slice(1, -1),
      encodeURIComponent(secret),
      Buffer.from(secret).toString('base64').replace(/=+$/, ''),
    ]);
  // A long one first: it may hold a short one.
  const values = [...new Set(forms)].sort((a, b) => b.length - a.length);
  return (text) => {
    const without = values.reduce((rest, value) => rest.replaceAll(value, TAKEN_OUT), text);
    return FORMS.reduce((rest, form) => rest.replace(form, `$1${TAKEN_OUT}`), without);
  };
}

/** Keys below which values belong to the service: only their names are kept. */
const OF_THE_SERVICE = new Set(['config', 'values']);

const blank = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(blank);
  if (typeof value === 'object' && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, blank(inner)]));
  return value === null ? null : TAKEN_OUT;
};

/** A record without what a service is configured with, and without hashes of tokens. */
export function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutValues);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      OF_THE_SERVICE.has(key) && typeof inner === 'object' ? blank(inner) : withoutValues(inner),
    ]),
  );
}

/** A record of a token holds the hash by which it is known: nobody else has a use for it. */
export const withoutTokenHash = (type: string, data: unknown): unknown =>
  type.startsWith('token.') && typeof data === 'object' && data !== null && 'hash' in data
    ? { ...data, hash: TAKEN_OUT }
    : data;
