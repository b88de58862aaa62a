import { readYaml, type YamlLimits, type YamlText } from './yaml.ts';

/** One document of a text, and how many lines of it come before. */
export interface YamlPiece {
  readonly text: string;
  readonly before: number;
}

const hasContent = (line: string): boolean => /\S/.test(line) && !/^\s*#/.test(line);

/**
 * Documents of a text, as text. YAML allows `---` at the beginning of a line nowhere but between documents, not even
 * inside of a text in quotes. Pieces without content are left out, and so is a byte order mark.
 */
export function yamlPieces(text: string): YamlPiece[] {
  const pieces: YamlPiece[] = [];
  let lines: string[] = [];
  let before = 0;
  const close = (next: number): void => {
    if (lines.some(hasContent)) pieces.push({ text: lines.join('\n'), before });
    lines = [];
    before = next;
  };
  for (const [i, line] of text
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/)
    .entries()) {
    if (/^---(\s|$)/.test(line)) {
      close(i);
      // What stands behind the dashes belongs to the document; its column is of no interest to anybody.
      lines.push(line.slice(3));
    } else lines.push(line);
  }
  close(0);
  return pieces;
}

/** The first line of a piece that says anything, from 1. */
export const firstLine = ({ text, before }: YamlPiece): number =>
  before + Math.max(0, text.split('\n').findIndex(hasContent)) + 1;

/** The names that the document around a line gives, as far as its text shows them: it may be no YAML. */
export function namesAround(text: string, line: number): string[] {
  const piece = yamlPieces(text).findLast(({ before }) => before < line);
  return [...(piece?.text ?? '').matchAll(/\bname:[ \t]*["']?([\w.-]+)/g)].map((found) => found[1]!);
}

/** Reads one piece; lines are those of the whole text. */
export function readPiece({ text, before }: YamlPiece, limits: YamlLimits): YamlText {
  const { documents, problems } = readYaml(text, limits);
  return {
    documents: documents.map(({ value, lineOf }) => ({ value, lineOf: (path) => before + lineOf(path) })),
    problems: problems.map((problem) => ({ ...problem, line: before + problem.line })),
  };
}

/** Reads a text as a whole; where that fails, each document by itself, so that one which is no YAML hides no other. */
export function readEach(text: string, limits: YamlLimits): YamlText {
  const whole = readYaml(text.replace(/^\uFEFF/, ''), limits);
  if (!whole.problems.some((problem) => problem.kind === 'syntax')) return whole;
  const pieces = yamlPieces(text);
  // Characters are bounded already; documents are as many as they were.
  if (pieces.length < 2 || pieces.length > limits.documents) return whole;
  const read = pieces.map((piece) => readPiece(piece, limits));
  return {
    documents: read.flatMap((r) => r.documents),
    problems: read.flatMap((r) => r.problems),
  };
}
