import type { Paint } from '../paint.ts'

/** Columns wider than this are not padded: one long text would push all others off the screen. */
const WIDEST_COLUMN = 48

/** @param titles of the columns, in order. Cells are plain text; a line break in one becomes a space. */
export function renderTable(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  paint: Paint,
): string {
  const cells = rows.map((row) => row.map((cell) => cell.replace(/\s*\n\s*/g, ' ')))
  const widths = titles.map((title, column) =>
    Math.min(WIDEST_COLUMN, Math.max(title.length, ...cells.map((row) => row[column]?.length ?? 0))),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd()
  return [paint.faint(line(titles)), ...cells.map(line)].join('\n')
}
