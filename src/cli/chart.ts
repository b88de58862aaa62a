export interface ChartLine {
  readonly mark: string;
  readonly values: readonly number[];
}

/** Draws lines as text: `height` rows, at most `width` columns, and a level drawn across. */
export function textChart(
  lines: readonly ChartLine[],
  level: { value: number; name: string },
  width = 72,
  height = 9,
): string {
  const length = Math.max(...lines.map((l) => l.values.length), 1);
  const columns = Math.min(width, length);
  const at = (values: readonly number[], column: number) =>
    values[Math.min(values.length - 1, Math.round((column * (length - 1)) / Math.max(1, columns - 1)))] ?? 0;
  const all = lines.flatMap((l) => Array.from({ length: columns }, (_, c) => at(l.values, c)));
  const top = Math.max(level.value * 1.15, Math.min(Math.max(...all), level.value * 2));
  const bottom = Math.min(0, Math.max(Math.min(...all), -level.value));
  const rowOf = (value: number) =>
    Math.round(((Math.min(top, Math.max(bottom, value)) - bottom) / (top - bottom)) * (height - 1));
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
