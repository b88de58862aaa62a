// docs/policy.md from the annotations of the modules: one heading a code.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { moduleFiles } from './policy.mjs';

const EXTRA = {
  POLICY_DIGEST: "The compiled policy, a team's bundle or an OPA server differs from the declared digest.",
  POLICY_UNDEFINED: 'The policy gave no decision, or one that is not as documented.',
  POLICY_UNREACHABLE: 'The OPA server does not answer.',
  TOO_MANY_LANES:
    'One pull request changes more lanes than are judged at once, or more than the policy holds.',
  TEAM_POLICY_UNDEFINED: "The team's policy defines no deny, or cannot be loaded.",
  FORGE_UNAVAILABLE: 'The forge does not answer, so the content of the pull request is unknown.',
};

/** Headings and descriptions in the order of the files; a code that several rules share stands once. */
export function policyPage(sources) {
  const sections = [];
  const seen = new Set();
  for (const name of moduleFiles()) {
    const text = readFileSync(join(sources, name), 'utf8');
    const [, title, about] = /^# METADATA\n# title: (.+)\n# description: (.+)\n/.exec(text) ?? [];
    const rules = [
      ...text.matchAll(/# METADATA\n# title: ([A-Z_, ]+)\n# description: (.+)\n(deny|warn|passes)/g),
    ];
    const entries = rules.flatMap(([, codes, words, kind]) =>
      codes
        .split(', ')
        .filter((code) => !seen.has(code) && seen.add(code))
        .map(
          (code) =>
            `### ${code}\n${words}${kind === 'deny' ? '' : kind === 'warn' ? ' A warning: it does not deny.' : ' On record.'}\n`,
        ),
    );
    if (entries.length > 0) sections.push(`## ${title}\n${about}\n\n${entries.join('\n')}`);
  }
  const extra = Object.entries(EXTRA).map(([code, words]) => `### ${code}\n${words}\n`);
  return `# What the gate denies, and why
Generated from the annotations of \`policy/sluice\` by \`npm run generate\`. Facts for each rule: [policy/samples](../policy/samples/README.md).

${sections.join('\n')}
## Around the policy
Codes for failures outside the policy. No waiver covers them.

${extra.join('\n')}`;
}
