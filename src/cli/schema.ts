import { jsonSchema } from '../declaration/schema.ts';
import { EXIT, type Exit, type Io } from './io.ts';

/** `sluice schema`: JSON Schema of the declaration, for editors. */
export async function schemaCommand(io: Io): Promise<Exit> {
  io.out(`${JSON.stringify(jsonSchema(), null, 2)}\n`);
  return EXIT.yes;
}
