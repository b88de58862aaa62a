import { mergedKeys } from '../../kit/merge-keys.ts';
import type { Problem } from '../../kit/problem.ts';
import type { YamlLimits } from '../../kit/yaml.ts';
import { firstLine, readPiece, type YamlPiece, yamlPieces } from '../../kit/yaml-pieces.ts';
import { DECLARATION_LIMITS, type SourceFile, yamlProblem } from '../documents.ts';
import type { Path } from '../report.ts';

/** One document of somebody else's tool, and the way back to the lines it was written on. */
export interface ForeignDocument {
  readonly file: string;
  /** The line on which it begins. */
  readonly line: number;
  readonly value: Readonly<Record<string, unknown>>;
  /** The line of the deepest node that exists on a path. */
  lineOf(path: Path): number;
}

/** A piece of a file that is no YAML: whose it would have been can only be guessed from its text. */
interface UnreadableDocument {
  readonly text: string;
  readonly problem: Problem;
}

interface ForeignDocuments {
  readonly documents: readonly ForeignDocument[];
  readonly unreadable: readonly UnreadableDocument[];
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Members of a Kubernetes List, or of a plain one, are documents like others. */
function membersOf({
  value,
  at,
}: {
  readonly value: unknown;
  readonly at: ForeignDocument;
}): ForeignDocument[] {
  const inside = (items: readonly unknown[], path: Path): ForeignDocument[] =>
    items.flatMap((item, i) => {
      if (!isObject(item)) return [];
      const here = [...path, i];
      return [
        {
          file: at.file,
          line: at.lineOf(here),
          value: item,
          lineOf: (p: Path) => at.lineOf([...here, ...p]),
        },
      ];
    });
  if (Array.isArray(value)) return inside(value, []);
  if (!isObject(value)) return [];
  const { kind, items } = value;
  return typeof kind === 'string' && kind.endsWith('List') && Array.isArray(items)
    ? inside(items, ['items'])
    : [{ ...at, value }];
}

/** A document that becomes YAML only once somebody has filled it in: one reason for all that is wrong with it. */
function templateProblem(file: string, { text, before }: YamlPiece): Problem | null {
  const lines = text.split('\n');
  const first = lines.findIndex((line) => /\{\{(?!-?\s*\.?window\b)/.test(line));
  if (first < 0) return null;
  return {
    code: 'TEMPLATE',
    file,
    line: before + first + 1,
    path: '',
    message: 'it is a template, not YAML: it contains {{ … }}',
    next: 'render it first (helm template, kustomize, cookiecutter) and import what comes out',
  };
}

/**
 * Every document of these files, each read alone: one that is no YAML, or not plain data, hides no other. Members of
 * Lists count as documents. Lines are those of the files, from 1.
 */
export function foreignDocuments(files: readonly SourceFile[]): ForeignDocuments {
  const documents: ForeignDocument[] = [];
  const unreadable: UnreadableDocument[] = [];
  const limits: YamlLimits = DECLARATION_LIMITS;
  for (const { file, text } of files)
    for (const piece of yamlPieces(text)) {
      const read = readPiece(piece, limits);
      const template = read.problems.length > 0 ? templateProblem(file, piece) : null;
      const problems = template ? [template] : read.problems.map((problem) => yamlProblem(file, problem));
      unreadable.push(...problems.map((problem) => ({ text: piece.text, problem })));
      const line = firstLine(piece);
      for (const { value, lineOf } of read.documents)
        documents.push(...membersOf({ value: mergedKeys(value), at: { file, line, value: {}, lineOf } }));
    }
  return { documents, unreadable };
}
