import type { Command } from '../api.ts';
import { Ask } from './Ask.tsx';

const WORDS = {
  abort: 'All traffic goes back to the stable version immediately.',
  pause: 'The release stays at its step and is still judged.',
  resume: 'The release continues from its current step.',
  promote:
    'This overrides the verdict: the version gets all traffic without having passed. It is recorded as OVERRIDDEN.',
} as const;

/** An order about a release in progress. */
export function OrderButton(props: { service: string; environment: string; command: Command }) {
  const { service, environment, command } = props;
  return (
    <Ask
      label={`${command[0]!.toUpperCase() + command.slice(1)} …`}
      title={`${command} ${service} in ${environment}`}
      submit={command}
      words={WORDS[command]}
      scope="operate"
      concern={{ service }}
      stops={command === 'abort'}
      path={`/api/v1/lanes/${environment}/${service}/commands`}
      body={({ reason }) => ({ command, reason })}
    />
  );
}
