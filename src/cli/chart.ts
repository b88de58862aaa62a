interface ChartLine {
  readonly mark: string;
  readonly values: readonly number[];
}

/** What a chart shows: the level with room above it, and no more than twice of it; all values where it is 0. */
function spanOf(values: readonly number[], level: number): { top: number; bottom: number } {
  const most = Math.max(...values, level, 0);
  const least = Math.min(...values, 0);
  if (!(Math.abs(level) > 0)) return { top: Math.max(most, least + 1), bottom: least };
  const top = Math.max(level * 1.15, Math.min(most, level * 2));
  const bottom = Math.min(0, Math.max(least, -Math.abs(level) * 1.15));
  return { top: Math.max(top, bottom + Math.abs(level)), bottom };
}

/** Draws lines as text: `height` rows, at most `width` columns, and a level drawn across. */
export function textChart(
  lines: readonly ChartLine[],
  wanted: { value: number; name: string },
  width = 72,
  height = 9,
): string {
  // What is no number is drawn as none: the text beside a chart says what it was.
  const level = Number.isFinite(wanted.value) ? wanted : { ...wanted, value: 0 };
  const length = Math.max(...lines.map((l) => l.values.length), 1);
  const columns = Math.min(width, length);
  const at = (values: readonly number[], column: number) =>
    values[Math.min(values.length - 1, Math.round((column * (length - 1)) / Math.max(1, columns - 1)))] ?? 0;
  const all = lines.flatMap((l) => Array.from({ length: columns }, (_, c) => at(l.values, c)));
  const { top, bottom } = spanOf(all.filter(Number.isFinite), level.value);
  const rowOf = (value: number) =>
    Number.isNaN(value)
      ? 0
      : Math.round(((Math.min(top, Math.max(bottom, value)) - bottom) / (top - bottom)) * (height - 1));
  const grid = Array.from({ length: height }, () => Array.from({ length: columns }, () => ' '));
  grid[rowOf(level.value)]!.fill('-');
  for (const line of lines)
    for (let c = 0; c < columns; c++) {
      const row = grid[rowOf(at(line.values, c))]!;
      row[c] = row[c] === ' ' || row[c] === '-' ? line.mark : '*';
    }
  const label = (row: number) => {
    if (row === rowOf(level.value)) return `${level.name} ${level.value.toFixed(1)}`.padStart(9);
    if (row === height - 1) return top.toFixed(1).padStart(9);
    return row === 0 ? bottom.toFixed(1).padStart(9) : ' '.repeat(9);
  };
  return grid
    .map((cells, row) => `${label(row)} |${cells.join('').trimEnd()}\n`)
    .reverse()
    .join('');
}
