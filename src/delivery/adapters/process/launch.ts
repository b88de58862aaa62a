import { join } from 'node:path';
import { startDaemon } from '../../../io/daemon.ts';
import type { Revision } from '../../events.ts';
import type { ProcessOptions } from '../../process-port.ts';
import { DIGEST, VERSION, VERSION_EXPECTED } from '../../version.ts';
import { instanceOf, type KeptProcess, keep, type ProcessesState, publish } from './state.ts';

/** A recorded version may be older than the rule for versions; it becomes a command argument here, so it is checked. */
function checkWords({ version, digest }: Revision): void {
  if (!VERSION.test(version))
    throw new Error(
      `${JSON.stringify(version)} is not started: ${VERSION_EXPECTED}; write another version into the desired state`,
    );
  if (!DIGEST.test(digest))
    throw new Error(`${JSON.stringify(digest)} is not started: expected sha256: and 64 hex digits`);
}

/** The command of a version with its values in place of `{placeholders}`; throws where none is declared. */
function commandOf(options: ProcessOptions, { service, revision, port }: KeptProcess): string[] {
  const run = options.run(service);
  if (!run)
    throw new Error(
      `service ${service} declares no run command, so that no version of it can be started here`,
    );
  const values: Record<string, string> = {
    ...options.placeholders(service),
    service,
    version: revision.version,
    revision: revision.revision,
    digest: revision.digest,
    port: String(port),
  };
  return run.command.map((part) =>
    part.replace(/\{([a-z:_-]+)\}/g, (whole, name: string) => values[name] ?? whole),
  );
}

/** Starts a version, kept as `starting` before there is a process and as `started` once there is. */
export async function launch(state: ProcessesState, id: string, kept: KeptProcess): Promise<void> {
  const { options, ready, exits } = state;
  checkWords(kept.revision);
  keep(state, id, { ...kept, phase: 'starting', pid: null });
  exits.delete(id);
  ready.delete(id);
  const daemon = {
    instance: instanceOf(state, id),
    command: commandOf(options, kept),
    log: join(options.directory, `${id}.log`),
    env: options.env,
  };
  const pid = await startDaemon(daemon, (how) => {
    exits.set(id, how);
    ready.delete(id);
  });
  keep(state, id, { ...kept, phase: 'started', pid });
  publish(state);
}
