import { connect } from 'node:net';
import { request } from 'undici';

const TIMEOUT_MS = 1_000;

/** Whether a version answers its health check. */
export async function answers(port: number, path: string): Promise<boolean> {
  try {
    const answer = await request(`http://127.0.0.1:${port}${path}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await answer.body.dump();
    return answer.statusCode === 200;
  } catch {
    return false;
  }
}

/** Whether a port of loopback refuses connections; one that does not answer in time does not refuse. */
export const refuses = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const answer = (refused: boolean) => {
      socket.destroy();
      resolve(refused);
    };
    socket.setTimeout(TIMEOUT_MS, () => answer(false));
    socket.once('connect', () => answer(false));
    socket.once('error', () => answer(true));
  });
