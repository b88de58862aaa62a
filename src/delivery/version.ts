/** A version becomes part of paths, labels, arguments and log lines, so it must be a plain word. */
export const VERSION = /^[A-Za-z0-9_][A-Za-z0-9_.+-]{0,127}$/;
export const VERSION_EXPECTED =
  'expected a version: letters, digits, "_", ".", "+" and "-", beginning with a letter, a digit or "_", 128 characters at most';

export const DIGEST = /^sha256:[0-9a-f]{64}$/;
