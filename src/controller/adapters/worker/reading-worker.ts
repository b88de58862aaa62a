import { isReadingThread, serveReading } from './serve.ts';

/** What the thread runs. */
if (isReadingThread()) serveReading();
