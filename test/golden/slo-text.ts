/** A value at a moment, of one SLO or of all. */
export const at = (expr: string, when: string, ...values: number[]) => ({ expr, at: when, values });

const silent = (when: string) =>
  ['SloMultiWindowBurn', 'SloBurnRateLadder', 'SloGroupBurn'].map((alertname) => ({
    alertname,
    at: when,
    labels: [],
  }));
/** No alert of a burn rate at these moments. */
export const silence = (...moments: string[]) => moments.flatMap(silent);

/** An OpenSLO document without what is alike in all cases. */
export const sloText = (
  name: string,
  indicator: string,
  objective = '{ target: 0.99 }',
  method = 'Occurrences',
  more = '',
): string => `---
apiVersion: openslo/v1
kind: SLO
metadata: { name: ${name}${more} }
spec:
  service: api
  indicator: { spec: ${indicator} }
  timeWindow: [{ duration: 28d, isRolling: true }]
  budgetingMethod: ${method}
  objectives: [${objective}]
`;
export const SERVICE = 'apiVersion: openslo/v1\nkind: Service\nmetadata: { name: api }\n';
export const query = (text: string): string =>
  `{ metricSource: { type: Prometheus, spec: { query: '${text}' } } }`;
