import { createInterface } from 'node:readline';
import type { Io } from '../io.ts';

/** Asks a person one line after the other. */
export interface Questions {
  /** The answer, or what is proposed where nothing is typed. */
  ask(question: string, proposed?: string): Promise<string>;
  close(): void;
}

/** Questions on a terminal; null: nobody is there to answer. */
export function openQuestions(io: Io): Questions | null {
  if (!io.inTty || !io.input) return null;
  const lines = createInterface({ input: io.input() });
  const answers = lines[Symbol.asyncIterator]();
  return {
    async ask(question, proposed = '') {
      io.err(`${question}${proposed === '' ? '' : ` [${proposed}]`}: `);
      const { value, done } = await answers.next();
      return done ? proposed : value.trim() || proposed;
    },
    close: () => lines.close(),
  };
}
