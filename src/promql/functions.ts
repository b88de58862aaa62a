/** What an expression evaluates to. */
export type ValueType = 'scalar' | 'instant vector' | 'range vector' | 'string';

interface Signature {
  readonly args: readonly ValueType[];
  /** Arguments at the end that may be left out. */
  readonly optional: number;
  /** The last one may be given any number of times. */
  readonly variadic: boolean;
  readonly returns: ValueType;
  /** The first version that has it without a flag; null: every version that is supported. */
  readonly since: string | null;
  /** The version in which it went. */
  readonly until: string | null;
  readonly experimental: boolean;
}

const TYPES: Readonly<Record<string, ValueType>> = {
  v: 'instant vector',
  m: 'range vector',
  s: 'scalar',
  t: 'string',
};

/**
 * Functions of PromQL: arguments, what they give (an instant vector where nothing is said), and since when.
 * `?` may be left out, `*` may be repeated, `!` is experimental. Source: the documentation of Prometheus 3.
 */
const TABLE = `
abs v; absent v; absent_over_time m; acos v; acosh v; asin v; asinh v; atan v; atanh v; avg_over_time m; ceil v
changes m; clamp v s s; clamp_max v s; clamp_min v s; cos v; cosh v; count_over_time m; day_of_month v?
day_of_week v?; day_of_year v?; days_in_month v?; deg v; delta m; deriv m; exp v; floor v; histogram_avg v 2.51
histogram_count v; histogram_fraction s s v; histogram_quantile s v; histogram_stddev v 2.47
histogram_stdvar v 2.47; histogram_sum v; holt_winters m s s -3.0; hour v?; idelta m; increase m; irate m
label_join v t t t*; label_replace v t t t t; last_over_time m; ln v; log10 v; log2 v; max_over_time m
min_over_time m; minute v?; month v?; pi > s; predict_linear m s; present_over_time m; quantile_over_time s m
rad v; rate m; resets m; round v s?; scalar v > s; sgn v; sin v; sinh v; sort v; sort_desc v; sqrt v
stddev_over_time m; stdvar_over_time m; sum_over_time m; tan v; tanh v; time > s; timestamp v; vector s; year v?
double_exponential_smoothing m s s !; first_over_time m !; histogram_quantiles v t s* !; info v v? !
mad_over_time m !; sort_by_label v t* !; sort_by_label_desc v t* !; ts_of_first_over_time m !
ts_of_last_over_time m !; ts_of_max_over_time m !; ts_of_min_over_time m !; start > s !; end > s !; range > s !
step > s !; start_timestamp v !
`;

function signatureOf(words: readonly string[]): Signature {
  const arrow = words.indexOf('>');
  const args = words.filter((w, i) => /^[vmst][?*]?$/.test(w) && (arrow < 0 || i < arrow));
  return {
    args: args.map((w) => TYPES[w[0]!]!),
    optional: args.filter((w) => w.endsWith('?') || w.endsWith('*')).length,
    variadic: args.at(-1)?.endsWith('*') ?? false,
    returns: arrow < 0 ? 'instant vector' : TYPES[words[arrow + 1]!]!,
    since: words.find((w) => /^\d/.test(w)) ?? null,
    until: words.find((w) => /^-\d/.test(w))?.slice(1) ?? null,
    experimental: words.includes('!'),
  };
}

export const FUNCTIONS: ReadonlyMap<string, Signature> = new Map(
  TABLE.trim()
    .split(/[;\n]/)
    .map((entry) => entry.trim().split(/\s+/))
    .map(([name, ...words]) => [name!, signatureOf(words)]),
);

/** Aggregations that take a parameter before the vector, and of which type. */
export const AGGREGATE_PARAMS: Readonly<Record<string, ValueType>> = {
  topk: 'scalar',
  bottomk: 'scalar',
  quantile: 'scalar',
  count_values: 'string',
  limitk: 'scalar',
  limit_ratio: 'scalar',
};
export const EXPERIMENTAL_AGGREGATES: ReadonlySet<string> = new Set(['limitk', 'limit_ratio']);
