/** The mail server of the tests comes without types; this much of it is used. */
declare module 'smtp-server' {
  import type { Readable } from 'node:stream';
  export class SMTPServer {
    constructor(options: {
      authOptional?: boolean;
      disabledCommands?: string[];
      onData(stream: Readable, session: object, done: (error?: Error) => void): void;
    });
    listen(port: number, host: string, done: () => void): { address(): { port: number } };
    readonly server: { address(): { port: number } };
    close(done: () => void): void;
  }
}
