/** Rules as data, and as the text Prometheus reads. Written by hand: thousands of them in well under a second. */
export interface PrometheusRule {
  readonly record?: string;
  readonly alert?: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly interval: string;
  readonly queryOffset?: string;
  readonly limit?: number;
  /** What it is for, and where that is declared: a comment in the file, and no part of the rules. */
  readonly about?: string;
  readonly rules: readonly PrometheusRule[];
}

/** Every scalar that could be read as anything but itself is quoted; JSON's quotes are YAML's. */
const scalar = (text: string): string =>
  /^[a-zA-Z][-\w /]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)
    ? text
    : /^[ -~]+$/.test(text)
      ? `'${text.replaceAll("'", "''")}'`
      : JSON.stringify(text);

const mapping = (name: string, map: Readonly<Record<string, string>> | undefined): string => {
  let text = '';
  for (const key in map) text += `\n          ${scalar(key)}: ${scalar(map[key]!)}`;
  return text === '' ? '' : `\n        ${name}:${text}`;
};

const expression = (expr: string): string =>
  expr.includes('\n') ? `|-\n          ${expr.replaceAll('\n', '\n          ')}` : scalar(expr);

function ruleText(rule: PrometheusRule): string {
  const name = rule.record === undefined ? `alert: ${scalar(rule.alert!)}` : `record: ${rule.record}`;
  const wait = rule.for ? `\n        for: ${rule.for}` : '';
  return `      - ${name}\n        expr: ${expression(rule.expr)}${wait}${mapping('labels', rule.labels)}${mapping('annotations', rule.annotations)}\n`;
}

export function groupsText(groups: readonly RuleGroup[]): string {
  let text = 'groups:\n';
  for (const group of groups) {
    if (group.about) text += `  # ${group.about.replace(/\s+/g, ' ')}\n`;
    text += `  - name: ${scalar(group.name)}\n    interval: ${group.interval}\n`;
    if (group.queryOffset) text += `    query_offset: ${group.queryOffset}\n`;
    if (group.limit) text += `    limit: ${group.limit}\n`;
    text += '    rules:\n';
    for (const rule of group.rules) text += ruleText(rule);
  }
  return text;
}
