import { jsonSchema } from '../declaration/schema.ts';
import type { Define } from './command.ts';
import { EXIT, type Exit, type Io } from './io.ts';

/** `sluice schema`: JSON Schema of the declaration, for editors. */
export async function schemaCommand(io: Io): Promise<Exit> {
  io.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return EXIT.yes;
}

export const define: Define = (command, { io, run }) => command.action(() => run(() => schemaCommand(io)));
