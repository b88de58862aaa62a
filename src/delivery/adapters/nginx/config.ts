import type { EdgeLane, EdgeState } from '../../edge-port.ts';

export interface EdgePlaces {
  readonly directory: string;
  /** User of the workers, where the master is root. */
  readonly user: string | null;
  /** Only Linux can defer a connection until its request has arrived. */
  readonly deferred: boolean;
}

const RESERVED = /["'\\;{}$]/;

function arms(service: string, lane: EdgeLane): string {
  const upstream = (arm: 'stable' | 'canary') =>
    lane[arm]
      ? `  upstream ${arm}_${service} { server 127.0.0.1:${lane[arm].port} max_fails=0; keepalive 32; keepalive_timeout 30s; }\n`
      : '';
  return upstream('stable') + upstream('canary');
}

function split(service: string, lane: EdgeLane): string {
  const name = service.replaceAll('-', '_');
  if (lane.canary && lane.weight >= 100) return `  map "" $arm_${name} { default canary_${service}; }\n`;
  if (!lane.canary || lane.weight <= 0 || !lane.stable)
    return `  map "" $arm_${name} { default ${lane.stable ? `stable_${service}` : '""'}; }\n`;
  return `  split_clients "$request_id" $arm_${name} { ${lane.weight}% canary_${service}; * stable_${service}; }\n`;
}

function server(service: string, lane: EdgeLane, places: EdgePlaces): string {
  const serves = lane.stable !== null || (lane.canary !== null && lane.weight > 0);
  const location = serves
    ? `proxy_pass http://$arm_${service.replaceAll('-', '_')};`
    : `return 503 "no version of ${service} serves\\n";`;
  return `  server {
    listen 127.0.0.1:${lane.port}${places.deferred ? ' deferred' : ''} backlog=4096;
    location / { ${location} }
  }
`;
}

/** The whole configuration. One connection carries one request, so that none is cut when weights change. */
export function renderEdge(state: EdgeState, places: EdgePlaces): string {
  const status = JSON.stringify(state);
  if (/['\\$]/.test(status)) throw new Error('broken invariant: an edge state holds names and numbers only');
  for (const service of Object.keys(state.lanes))
    if (RESERVED.test(service)) throw new Error(`broken invariant: ${service} is a checked name`);
  const lanes = Object.entries(state.lanes);
  return `${places.user ? `user ${places.user};\n` : ''}worker_processes 1;
pid ${places.directory}/nginx.pid;
error_log ${places.directory}/error.log warn;
worker_shutdown_timeout 30s;
events { worker_connections 4096; }
http {
  access_log off;
  client_body_temp_path ${places.directory}/tmp;
  proxy_temp_path ${places.directory}/tmp;
  fastcgi_temp_path ${places.directory}/tmp;
  uwsgi_temp_path ${places.directory}/tmp;
  scgi_temp_path ${places.directory}/tmp;
  keepalive_timeout 0;
  proxy_http_version 1.1;
  proxy_set_header Connection "";
  proxy_set_header Host $host;
  proxy_connect_timeout 2s;
  proxy_read_timeout 10s;
  proxy_next_upstream off;
${lanes.map(([service, lane]) => arms(service, lane) + split(service, lane)).join('')}${lanes
  .map(([service, lane]) => server(service, lane, places))
  .join('')}  server {
    listen 127.0.0.1:${state.statusPort};
    location / { default_type application/json; return 200 '${status}'; }
  }
}
`;
}
