import type { StepView } from '../../../../src/api/views.ts';
import { clock } from '../../parts/words.ts';

const STATUS = { done: 'passed', now: 'now', next: 'next', stopped: 'stopped here' } as const;

function Step({ step }: { step: StepView }) {
  const worst = [...step.needs].sort((a, b) => b.needed - b.seen - (a.needed - a.seen))[0];
  const need =
    step.status === 'now' && worst
      ? `${worst.seen} of ${worst.needed} good requests${worst.seconds === null ? ', waiting for traffic' : worst.seconds > 0 ? `, about ${worst.seconds} s more` : ''}`
      : '';
  return (
    <li data-status={step.status} aria-current={step.status === 'now' ? 'step' : undefined}>
      <b>{step.weight}%</b>{' '}
      <span className="soft">
        {step.back ? 'stepped back, ' : ''}
        {STATUS[step.status]}
      </span>
      <div>{need}</div>
      <div className="soft">{step.confirmedAt ? `served since ${clock(step.confirmedAt)}` : ''}</div>
    </li>
  );
}

/** The steps of a release, and where it is. */
export function Rail({ steps }: { steps: readonly StepView[] }) {
  return (
    <ol className="rail" aria-label="Steps">
      {steps.map((step, i) => (
        <Step key={i} step={step} />
      ))}
    </ol>
  );
}
