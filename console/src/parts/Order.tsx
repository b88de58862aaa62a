import type { Order } from '../api.ts';
import { Ask } from './Ask.tsx';

const WORDS = {
  abort: 'All traffic goes back to the stable version at once.',
  pause: 'It stays at its step and is still judged.',
  resume: 'It goes on where it was.',
  promote:
    'This overrides the verdict: the version gets all traffic without having passed. It is recorded as OVERRIDDEN.',
} as const;

/** An order to a release on its way. */
export function OrderButton(props: { service: string; environment: string; command: Order['command'] }) {
  const { service, environment, command } = props;
  return (
    <Ask
      label={`${command[0]!.toUpperCase() + command.slice(1)} …`}
      title={`${command} ${service} in ${environment}`}
      submit={command}
      words={WORDS[command]}
      scope="operate"
      stops={command === 'abort'}
      path={`/api/v1/lanes/${environment}/${service}/commands`}
      body={({ reason }) => ({ command, reason })}
    />
  );
}
