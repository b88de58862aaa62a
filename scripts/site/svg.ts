/** A place in a drawing, in pixels from its upper left corner. */
export interface Point {
  readonly x: number;
  readonly y: number;
}

const INK = '#1f2937';
export const FAINT = '#9ca3af';
export const GOOD = '#0d7f73';
export const BAD = '#b91c1c';

const round = (number: number): string => String(Math.round(number * 10) / 10);
const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** A drawing with a title that screen readers say. */
export const svg = (width: number, height: number, title: string, ...parts: readonly string[]): string =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="14">
<title>${escaped(title)}</title>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="${INK}"/></marker></defs>
${parts.join('\n')}
</svg>
`;

type Anchor = 'start' | 'middle' | 'end';

/** One line of text; `y` is its middle. */
export const text = (at: Point, words: string, anchor: Anchor = 'middle', more = ''): string =>
  `<text x="${round(at.x)}" y="${round(at.y + 5)}" text-anchor="${anchor}"${/\bfill=/.test(more) ? '' : ` fill="${INK}"`}${more ? ` ${more}` : ''}>${escaped(words)}</text>`;

/** A rounded box with one line, or two of which the second is smaller; `at` is its middle. */
export function box(
  at: Point,
  width: number,
  height: number,
  words: readonly string[],
  stroke = INK,
): string {
  const [first = '', second] = words;
  const rect = `<rect x="${round(at.x - width / 2)}" y="${round(at.y - height / 2)}" width="${width}" height="${height}" rx="8" fill="none" stroke="${stroke}" stroke-width="1.5"/>`;
  if (second === undefined) return rect + text(at, first, 'middle', 'font-weight="600"');
  return [
    rect,
    text({ x: at.x, y: at.y - 10 }, first, 'middle', 'font-weight="600"'),
    text({ x: at.x, y: at.y + 11 }, second, 'middle', 'font-size="12"'),
  ].join('');
}

/** An arrow; `bend` moves its middle to the right of its direction, in pixels. */
export function arrow(from: Point, to: Point, bend = 0, more = ''): string {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const middle = {
    x: (from.x + to.x) / 2 - (bend * (to.y - from.y)) / length,
    y: (from.y + to.y) / 2 + (bend * (to.x - from.x)) / length,
  };
  return `<path d="M${round(from.x)} ${round(from.y)}Q${round(middle.x)} ${round(middle.y)} ${round(to.x)} ${round(to.y)}" fill="none" stroke="${INK}" stroke-width="1.5" marker-end="url(#arrow)"${more ? ` ${more}` : ''}/>`;
}

/** A frame for lines over time. */
export interface Plot {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  /** What the axes end at; both begin at 0. */
  readonly maxX: number;
  readonly maxY: number;
}

export const inPlot = (plot: Plot, x: number, y: number): Point => ({
  x: plot.left + (plot.width * x) / plot.maxX,
  y: plot.top + plot.height * (1 - Math.min(Math.max(y, 0), plot.maxY) / plot.maxY),
});

/** A line through values at 0, 1, 2 … steps. */
export const line = (
  plot: Plot,
  values: readonly number[],
  step: number,
  stroke: string,
  more = '',
): string =>
  `<polyline fill="none" stroke="${stroke}" stroke-width="2"${more ? ` ${more}` : ''} points="${values
    .map((value, index) => inPlot(plot, index * step, value))
    .map(({ x, y }) => `${round(x)},${round(y)}`)
    .join(' ')}"/>`;

/** The axes, with what they measure and some numbers at them. */
export function axes(plot: Plot, ticksX: readonly string[], ticksY: readonly number[]): string {
  const { left, top, width, height } = plot;
  const base = `<path d="M${left} ${top}V${top + height}H${left + width}" fill="none" stroke="${FAINT}"/>`;
  const alongX = ticksX.map((words, index) =>
    text(
      { x: left + (width * index) / (ticksX.length - 1), y: top + height + 16 },
      words,
      'middle',
      'font-size="12"',
    ),
  );
  const alongY = ticksY.map((value) =>
    text({ x: left - 8, y: inPlot(plot, 0, value).y }, String(value), 'end', 'font-size="12"'),
  );
  return [base, ...alongX, ...alongY].join('');
}

/** A threshold across a plot, with its name at the right. */
export function threshold(plot: Plot, value: number, words: string): string {
  const from = inPlot(plot, 0, value);
  const to = inPlot(plot, plot.maxX, value);
  return (
    `<path d="M${round(from.x)} ${round(from.y)}H${round(to.x)}" stroke="${INK}" stroke-dasharray="5 4"/>` +
    text({ x: to.x + 8, y: to.y }, words, 'start', 'font-size="12"')
  );
}
