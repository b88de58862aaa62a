import { hash } from 'node:crypto';
import { canonicalText } from './canonical.ts';

/** SHA-256 of a text, in hex. The one node:* import that pure rooms may reach. */
export const sha256 = (text: string): string => hash('sha256', text, 'hex');

/** `sha256:…` of a value's RFC 8785 text. */
export const digestOf = (value: unknown): string => `sha256:${sha256(canonicalText(value))}`;
