import { didYouMean } from '../../kit/nearest.ts';

/**
 * Public SLI plugins of Sloth ("common plugins"), as tables of what they count. Source: their published pages, one
 * per plugin id. Sloth runs them as Go code; here only these are known, every other one is refused by its name.
 */

type Options = Readonly<Record<string, string>>;
type Made =
  | {
      readonly ok: true;
      readonly part: string;
      readonly partIs: 'good' | 'bad';
      readonly total: string;
      /** What is counted otherwise than Sloth's own code does. */
      readonly note?: string;
    }
  | { readonly ok: false; readonly why: string };

interface Plugin {
  /** Options without which Sloth refuses it. */
  readonly needs: readonly string[];
  make(
    options: Options,
    matchers: (...own: readonly string[]) => string,
  ): Omit<Extract<Made, { ok: true }>, 'ok'>;
}

const rate = (metric: string, matchers: string): string => `sum(rate(${metric}${matchers}[5m]))`;
const quoted = (label: string, op: '=' | '=~' | '!=' | '!~', value: string): string =>
  `${label}${op}${JSON.stringify(value)}`;
/** Errors of a server and answers that say "too many". */
const FAILED = '(5..|429)';

/** Bad ones by one more matcher on the counter of all. */
const failed =
  (metric: string, bad: string, ...shared: readonly ((o: Options) => string)[]): Plugin['make'] =>
  (options, matchers) => {
    const own = shared.map((one) => one(options));
    return {
      part: rate(metric, matchers(...own, bad)),
      partIs: 'bad',
      total: rate(metric, matchers(...own)),
    };
  };

/** Good ones by a bucket of a histogram. */
const within =
  (base: string, ...shared: readonly ((o: Options) => string)[]): Plugin['make'] =>
  (options, matchers) => {
    const own = shared.map((one) => one(options));
    const bucket = quoted('le', '=', options['bucket'] ?? '');
    return {
      part: rate(`${base}_bucket`, matchers(...own, bucket)),
      partIs: 'good',
      total: rate(`${base}_count`, matchers(...own)),
    };
  };

const by =
  (label: string, op: '=' | '=~', option: string) =>
  (o: Options): string =>
    quoted(label, op, (o[option] ?? '').trim());
/** Without failed requests, where it is asked for. The label is `code` for Istio, too, as Sloth has it. */
const withoutErrors = (o: Options): string =>
  /^(1|t|true)$/i.test(o['exclude_errors'] ?? '') ? quoted('code', '!~', '5..') : '';

const ISTIO = [
  by('destination_service_name', '=', 'service'),
  by('destination_service_namespace', '=', 'namespace'),
];
const KOOPER = by('controller', '=', 'controller');
const BACKEND = by('backend', '=~', 'backend_regex');
const SERVICE = by('service', '=~', 'service_name_regex');

const KNOWN: Readonly<Record<string, Plugin>> = {
  'coredns/availability': {
    needs: [],
    make: (o, matchers) =>
      failed(
        'coredns_dns_responses_total',
        quoted('rcode', '=~', o['custom_rcode_regex']?.trim() || 'SERVFAIL'),
      )(o, matchers),
  },
  'coredns/latency': { needs: ['bucket'], make: within('coredns_dns_request_duration_seconds') },
  'haproxy/frontend/availability': {
    needs: [],
    make: failed('haproxy_frontend_http_responses_total', quoted('code', '=', '5xx')),
  },
  'istio/v1/availability': {
    needs: ['service', 'namespace'],
    make: failed('istio_requests_total', quoted('response_code', '=~', FAILED), ...ISTIO),
  },
  'istio/v1/latency': {
    needs: ['bucket', 'service', 'namespace'],
    make: within('istio_request_duration_milliseconds', withoutErrors, ...ISTIO),
  },
  'kubernetes/apiserver/availability': {
    needs: [],
    make: failed('apiserver_request_total', quoted('code', '=~', FAILED)),
  },
  'kubernetes/apiserver/latency': {
    needs: ['bucket'],
    make: within('apiserver_request_duration_seconds', () => quoted('verb', '!=', 'WATCH')),
  },
  'kubernetes/kooper/availability': {
    needs: ['controller'],
    make: (o, matchers) => {
      const handled = 'kooper_controller_processed_event_duration_seconds_count';
      const requeued = matchers(KOOPER(o), quoted('requeue', '=', 'true'));
      return {
        part: rate(handled, matchers(KOOPER(o), quoted('success', '=', 'false'))),
        partIs: 'bad',
        total: `${rate(handled, matchers(KOOPER(o)))} - ${rate('kooper_controller_queued_events_total', requeued)}`,
      };
    },
  },
  'kubernetes/kooper/latency': {
    needs: ['bucket', 'controller'],
    make: within('kooper_controller_processed_event_duration_seconds', KOOPER),
  },
  'kubernetes/kooper/queue-congestion': {
    needs: ['bucket', 'controller'],
    make: within('kooper_controller_event_in_queue_duration_seconds', KOOPER),
  },
  'kubernetes/nginx-ingress/availability': {
    needs: [],
    make: failed('nginx_ingress_controller_requests', quoted('status', '=~', FAILED)),
  },
  'prometheus/rules/eval-availability': {
    needs: [],
    make: (_, matchers) => ({
      part: rate('prometheus_rule_evaluation_failures_total', matchers()),
      partIs: 'bad',
      total: rate('prometheus_rule_evaluations_total', matchers()),
    }),
  },
  'prometheus/targets/availability': {
    needs: [],
    make: (_, matchers) => ({
      part: `sum(sum_over_time(up${matchers()}[5m]))`,
      partIs: 'good',
      total: `sum(count_over_time(up${matchers()}[5m]))`,
      note: "the share of samples of targets that are down: Sloth's own query lacks brackets, and gives their number",
    }),
  },
  'slok-go-http-metrics/availability': {
    needs: ['filter'],
    make: failed('http_request_duration_seconds_count', quoted('code', '=~', FAILED)),
  },
  'slok-go-http-metrics/latency': {
    needs: ['bucket', 'filter'],
    make: within('http_request_duration_seconds', withoutErrors),
  },
  'traefik/v1/availability': {
    needs: ['backend_regex'],
    make: failed('traefik_backend_requests_total', quoted('code', '=~', FAILED), BACKEND),
  },
  'traefik/v1/latency': {
    needs: ['bucket', 'backend_regex'],
    make: within('traefik_backend_request_duration_seconds', withoutErrors, BACKEND),
  },
  'traefik/v2/availability': {
    needs: ['service_name_regex'],
    make: failed('traefik_service_requests_total', quoted('code', '=~', '(5..)'), SERVICE),
  },
  'traefik/v2/latency': {
    needs: ['bucket', 'service_name_regex'],
    make: within('traefik_service_request_duration_seconds', withoutErrors, SERVICE),
  },
};

const PREFIX = 'sloth-common/';

/** Ids of every plugin that is known here. */
const SLOTH_PLUGINS: readonly string[] = Object.keys(KNOWN).map((id) => `${PREFIX}${id}`);

/** What a public plugin counts with these options; or why it is not known, or not told enough. */
export function slothPlugin(id: string, options: Options): Made {
  const short = id.startsWith(PREFIX) ? id.slice(PREFIX.length) : '';
  const plugin = Object.hasOwn(KNOWN, short) ? KNOWN[short] : undefined;
  if (!plugin) {
    return {
      ok: false,
      why: `SLI plugin "${id}" is Sloth code that Sluice does not support: write out its query (${didYouMean(id, SLOTH_PLUGINS)})`,
    };
  }
  const missing = plugin.needs.filter((name) => !options[name]?.trim());
  if (missing.length > 0)
    return { ok: false, why: `SLI plugin "${id}" needs ${missing.join(' and ')} among its options` };
  const bucket = options['bucket'];
  if (bucket !== undefined && plugin.needs.includes('bucket') && Number.isNaN(Number(bucket)))
    return { ok: false, why: `SLI plugin "${id}" needs a number as bucket, got "${bucket}"` };
  const filter = (options['filter'] ?? '').replace(/^[{},]+|[{},]+$/g, '').trim();
  const matchers = (...own: readonly string[]): string => {
    const all = [filter, ...own].filter((one) => one !== '');
    return all.length > 0 ? `{${all.join(',')}}` : '';
  };
  return { ok: true, ...plugin.make(options, matchers) };
}
