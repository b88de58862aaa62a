import type { Spec } from './specs.ts';

const indent = (text: string, by: string) => text.replace(/^/gm, by);

/** A name of a specification as Sloth and we write it. */
export const slug = (name: string): string =>
  name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '');

const NO_ALERTS = 'page_alert: { disable: true }, ticket_alert: { disable: true }';

const plain = (name: string, sli: string, objective: number): string => `version: prometheus/v1
service: api
slos:
  - name: ${name}
    objective: ${objective}
    sli:
${indent(sli, '      ')}
    alerting: { ${NO_ALERTS} }
`;

/** The resource of Kubernetes says the same in camel case. */
const camel = (text: string): string =>
  text.replace(/\b(error|total|ratio|page|ticket)_(\w+):/g, (key) =>
    key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
  );

const resource = (name: string, sli: string, objective: number): string => `apiVersion: sloth.slok.dev/v1
kind: PrometheusServiceLevel
metadata: { name: ${name} }
spec:
  service: api
  slos:
    - name: ${name}
      objective: ${objective}
      sli:
${indent(camel(sli), '        ')}
      alerting: { ${camel(NO_ALERTS)} }
`;

/** The document of one specification. */
export const documentOf = (spec: Spec, sli: string, objective: number): string =>
  (spec.resource ? resource : plain)(slug(spec.name), sli, objective);
