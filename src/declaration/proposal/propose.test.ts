import { describe, expect, it } from 'vitest';
import { FAMILIES, KNOWN_METRICS } from './families.ts';
import { candidatesIn, chooseBound, chooseTarget, type SeenMetrics } from './propose.ts';

const OF = { label: 'app', value: 'shop' };
const BOUNDS = ['0.1', '0.5', '1.0', '+Inf'];

/** What is there: each metric with its labels, and the histograms that have buckets. */
const seen = (
  labels: Readonly<Record<string, readonly string[]>>,
  bounds: Readonly<Record<string, readonly string[]>> = {},
): SeenMetrics => ({ labels: new Map(Object.entries(labels)), bounds: new Map(Object.entries(bounds)) });

/** One family that is there with one of its status labels, and with buckets. */
const only = (requests: string, status: string, durations: string): SeenMetrics =>
  seen({ [requests]: ['app', status], [`${durations}_count`]: ['app', status] }, { [durations]: BOUNDS });

type Row = readonly [requests: string, status: string, durations: string, matcher: string, only?: string];
const GRPC = 'Unknown|DeadlineExceeded|Unimplemented|Internal|Unavailable|DataLoss';
const UPPER = 'UNKNOWN|DEADLINE_EXCEEDED|UNIMPLEMENTED|INTERNAL|UNAVAILABLE|DATA_LOSS';
const NUMBERS = '2|4|12|13|14|15';
const ROWS: readonly Row[] = [
  ['http_requests_total', 'code', 'http_request_duration_seconds', 'code!~"5.."'],
  ['http_requests_total', 'status', 'http_request_duration_seconds', 'status!~"5.."'],
  ['http_requests_total', 'status_code', 'http_request_duration_seconds', 'status_code!~"5.."'],
  ['http_server_requests_seconds_count', 'status', 'http_server_requests_seconds', 'status!~"5.."'],
  [
    'http_server_request_duration_seconds_count',
    'http_response_status_code',
    'http_server_request_duration_seconds',
    'http_response_status_code!~"5.."',
  ],
  [
    'http_server_duration_milliseconds_count',
    'http_status_code',
    'http_server_duration_milliseconds',
    'http_status_code!~"5.."',
  ],
  [
    'http_server_duration_seconds_count',
    'http_status_code',
    'http_server_duration_seconds',
    'http_status_code!~"5.."',
  ],
  [
    'http_request_duration_seconds_count',
    'status_code',
    'http_request_duration_seconds',
    'status_code!~"5.."',
  ],
  ['http_server_requests_total', 'code', 'http_server_request_duration_seconds', 'code!~"5.."'],
  ['http_requests_received_total', 'code', 'http_request_duration_seconds', 'code!~"5.."'],
  ['flask_http_request_total', 'status', 'flask_http_request_duration_seconds', 'status!~"5.."'],
  [
    'django_http_responses_total_by_status_total',
    'status',
    'django_http_requests_latency_seconds_by_view_method',
    'status!~"5.."',
  ],
  ['gin_requests_total', 'code', 'gin_request_duration_seconds', 'code!~"5.."'],
  ['echo_requests_total', 'code', 'echo_request_duration_seconds', 'code!~"5.."'],
  ['grpc_server_handled_total', 'grpc_code', 'grpc_server_handling_seconds', `grpc_code!~"${GRPC}"`],
  [
    'rpc_server_call_duration_seconds_count',
    'rpc_response_status_code',
    'rpc_server_call_duration_seconds',
    `rpc_response_status_code!~"${UPPER}"`,
  ],
  [
    'rpc_server_duration_milliseconds_count',
    'rpc_grpc_status_code',
    'rpc_server_duration_milliseconds',
    `rpc_grpc_status_code!~"${NUMBERS}"`,
  ],
  [
    'rpc_server_duration_seconds_count',
    'rpc_grpc_status_code',
    'rpc_server_duration_seconds',
    `rpc_grpc_status_code!~"${NUMBERS}"`,
  ],
  [
    'grpc_server_call_duration_seconds_count',
    'grpc_status',
    'grpc_server_call_duration_seconds',
    `grpc_status!~"${UPPER}"`,
  ],
  [
    'istio_requests_total',
    'response_code',
    'istio_request_duration_milliseconds',
    'response_code!~"5.."',
    'reporter="destination"',
  ],
  [
    'response_total',
    'classification',
    'response_latency_ms',
    'classification!~"failure"',
    'direction="inbound"',
  ],
  [
    'nginx_ingress_controller_requests',
    'status',
    'nginx_ingress_controller_request_duration_seconds',
    'status!~"5.."',
  ],
  ['traefik_service_requests_total', 'code', 'traefik_service_request_duration_seconds', 'code!~"5.."'],
  ['kong_http_requests_total', 'code', 'kong_request_latency_ms', 'code!~"5.."'],
  ['caddy_http_request_duration_seconds_count', 'code', 'caddy_http_request_duration_seconds', 'code!~"5.."'],
];

describe('what is proposed from metrics', () => {
  it.each(ROWS.map((row) => [`${row[0]} by ${row[1]} and ${row[2]}`, row] as const))(
    'CLI-48: %s',
    (_, [requests, status, durations, matcher, more]) => {
      const own = `app="shop"${more ? `,${more}` : ''}`;
      const found = candidatesIn(only(requests, status, durations), OF);
      expect(found.map((one) => one.kind)).toEqual(['availability', 'latency']);
      expect(found[0]).toMatchObject({
        good: `${requests}{${own},${matcher}}`,
        total: `${requests}{${own}}`,
      });
      const latency = found[1]!;
      if (!('goodWithin' in latency)) throw new Error('no latency');
      expect([latency.total, latency.goodWithin('0.5')]).toEqual([
        `${durations}_count{${own}}`,
        `${durations}_bucket{${own},le="0.5"}`,
      ]);
      expect(latency.bounds).toEqual(['0.1', '0.5', '1.0']);
      expect(latency.unit).toBe(/_(ms|milliseconds)$/.test(durations) ? 'ms' : 's');
    },
  );

  it('CLI-48: every family is in this table, and is asked for', () => {
    expect(new Set(ROWS.map(([requests]) => requests))).toEqual(new Set(FAMILIES.map((f) => f.requests)));
    for (const [requests] of ROWS) expect(KNOWN_METRICS).toContain(requests);
  });

  it('CLI-48: a service of both protocols has objectives for each; what it says itself goes before a proxy', () => {
    const both = seen({
      nginx_ingress_controller_requests: ['app', 'status'],
      http_requests_total: ['app', 'code'],
      grpc_server_handled_total: ['app', 'grpc_code'],
    });
    expect(candidatesIn(both, OF).map((one) => one.metric)).toEqual([
      'http_requests_total',
      'grpc_server_handled_total',
    ]);
  });

  it('CLI-48: requests without a status say nothing of failures, and durations without buckets nothing of latency', () => {
    expect(candidatesIn(seen({ http_requests_total: ['app', 'method'] }), OF)).toEqual([]);
    const summary = seen({ http_server_requests_seconds_count: ['app', 'status'] });
    expect(candidatesIn(summary, OF).map((one) => one.kind)).toEqual(['availability']);
    const endless = seen(
      { http_request_duration_seconds_count: ['app'] },
      { http_request_duration_seconds: ['+Inf'] },
    );
    expect(candidatesIn(endless, OF)).toEqual([]);
  });

  it.each([
    ['nothing was measured: the one nearest to half a second', 's', [], { bound: '0.5', share: null }],
    [
      'the smallest that 99% kept',
      's',
      [
        ['0.1', 0.7],
        ['0.5', 0.992],
        ['1', 0.999],
      ],
      { bound: '0.5', share: 0.992 },
    ],
    [
      'none was kept by so many: the largest',
      's',
      [
        ['0.1', 0.1],
        ['0.5', 0.2],
        ['1', 0.9],
      ],
      { bound: '1', share: 0.9 },
    ],
    ['milliseconds', 'ms', [], { bound: '1', share: null }],
  ] as const)('CLI-48: of the bounds of a histogram, where %s', (_, unit, shares, chosen) =>
    expect(chooseBound({ bounds: ['0.1', '0.5', '1'], unit }, new Map(shares))).toEqual(chosen),
  );

  it.each([
    ['availability', null, 0.999],
    ['availability', 1, 0.999],
    ['availability', 0.9962, 0.995],
    ['availability', 0.5, 0.95],
    ['latency', 0.97, 0.95],
    ['latency', null, 0.99],
  ] as const)('CLI-48: a target for %s where %s was kept is %s', (kind, share, target) =>
    expect(chooseTarget(kind, share)).toBe(target),
  );
});
