import fastStringWidth from 'fast-string-width'
import type { Paint } from '../paint.ts'
import type { Span } from './source-document.ts'

/** From 1; columns count characters as editors do (UTF-16 code units). */
export interface Position {
  line: number
  column: number
}

/** Lines shown before the one that is meant. */
const LINES_BEFORE = 2
/** Of a shown line; longer ones are cut around the place. */
const FRAME_WIDTH = 100

export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, offset)
  const lineStart = before.lastIndexOf('\n') + 1
  return { line: before.split('\n').length, column: offset - lineStart + 1 }
}

/**
 * The line at `span` with the lines before it, numbered, and a mark below the first line of the span. Characters that
 * terminals show two columns wide (CJK, emoji) or none (accents of their own) are counted as such.
 */
export function codeFrame(text: string, span: Span, paint: Paint): string {
  const { line, column } = positionAt(text, span.offset)
  const lines = text.split('\n').map((one) => one.replace(/\r$/, ''))
  const meant = lines[line - 1] ?? ''
  const from = Math.max(0, Math.min(column - 1 - FRAME_WIDTH / 2, meant.length - FRAME_WIDTH))
  const width = String(line).length
  const numbered = (number: number) => `${paint.faint(`${String(number).padStart(width)} │`)} `
  const shown = (one: string) => one.slice(from, from + FRAME_WIDTH).replaceAll('\t', ' ')
  const before = lines
    .slice(Math.max(0, line - 1 - LINES_BEFORE), line - 1)
    .map((one, index, all) => numbered(line - all.length + index) + shown(one))
  const columns = (start: number, end: number) =>
    fastStringWidth(meant.slice(start, Math.min(end, from + FRAME_WIDTH)).replaceAll('\t', ' '))
  const marked = Math.max(1, columns(column - 1, column - 1 + span.length))
  const mark = `${paint.faint(`${' '.repeat(width)} │`)} ${' '.repeat(columns(from, column - 1))}${paint.bad('^'.repeat(marked))}`
  return [...before, numbered(line) + shown(meant), mark].map((one) => one.trimEnd()).join('\n')
}
