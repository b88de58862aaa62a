import { endSentence, laneSentence } from '../../api/sentences.ts';
import type { Controller } from '../../controller/loop.ts';
import { endingOf } from '../../delivery/summary.ts';

/** What is said of a release that a lane still knows: while it goes on, and how it ended. */
export function releaseSentence(
  controller: Pick<Controller, 'lanes'>,
  id: string,
  now: number,
): string | null {
  const view = controller.lanes().find((v) => v.state.release?.id === id);
  if (!view) return null;
  const { state, evidence, service, environment } = view;
  const release = state.release!;
  const name = `${service.name} ${release.target.version} in ${environment.name}`;
  return release.cause ? endSentence(name, endingOf(release)) : laneSentence(state, evidence, null, now);
}
