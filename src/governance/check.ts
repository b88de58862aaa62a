import type { Platform } from '../declaration/platform.ts';
import type { Problem } from '../kit/problem.ts';
import { checkRecurrence, LONGEST_FREEZE_MS, occurrences } from './calendar.ts';

/** What would be declared, and could never work. */
export function checkGovernance(platform: Platform): Problem[] {
  return platform.freezes.flatMap((freeze, i): Problem[] => {
    const problem = (field: string, message: string): Problem => ({
      code: 'FREEZE',
      file: '',
      line: 1,
      path: `spec.freezes[${i}].${field}`,
      message,
    });
    const recurrence = checkRecurrence(freeze);
    if (!recurrence.ok) return [problem('rrule', recurrence.error)];
    const start = Date.parse(`${freeze.start}Z`);
    const [first] = occurrences({ ...freeze, rrule: null }, start - 2 * 86_400_000, start + 2 * 86_400_000);
    if (first && first.to - first.from > LONGEST_FREEZE_MS)
      return [problem(freeze.end ? 'end' : 'duration', 'expected a freeze of at most 92 days')];
    return first && first.to > first.from ? [] : [problem('duration', 'expected a freeze that lasts')];
  });
}
