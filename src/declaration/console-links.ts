import { z } from 'zod';
import { http } from './fields.ts';

/** A link of the console to somewhere else: a template with placeholders such as `{service}`. */
export interface ConsoleLink {
  readonly name: string;
  readonly url: string;
}

/** `spec.links[]`. */
export const consoleLink = z.strictObject({
  name: z.string().trim().min(1).max(40),
  url: http.describe(
    'With {service}, {environment}, {team} and, on the page of a release, {version} and {digest}.',
  ),
});
