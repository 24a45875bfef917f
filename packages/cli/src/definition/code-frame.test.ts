import { expect, it } from 'vitest'
import { createPaint } from '../paint.ts'
import { codeFrame, positionAt } from './code-frame.ts'

const plain = createPaint(false)

it.each([
  ['the beginning', 0, { line: 1, column: 1 }],
  ['the end of a line', 3, { line: 1, column: 4 }],
  ['the next line', 4, { line: 2, column: 1 }],
  ['behind the end', 9, { line: 3, column: 2 }],
])('counts lines and columns from one: %s', (_name, offset, expected) => {
  expect(positionAt('one\ntwo\nx', offset)).toEqual(expected)
})

it('shows two lines before and marks the whole span', () => {
  const text = 'a\nb\nc\nkey: value\ne'
  expect(codeFrame(text, { offset: 11, length: 5 }, plain)).toBe(
    ['2 │ b', '3 │ c', '4 │ key: value', '  │      ^^^^^'].join('\n'),
  )
})

it('marks the first line of a span over several', () => {
  expect(codeFrame('a {\n}', { offset: 2, length: 3 }, plain)).toBe('1 │ a {\n  │   ^')
})

it('marks one place where the span is empty, also behind the end', () => {
  expect(codeFrame('ab', { offset: 2, length: 0 }, plain)).toBe('1 │ ab\n  │   ^')
})

it('cuts a long line around the place', () => {
  const frame = codeFrame(`${'x'.repeat(500)}HERE${'y'.repeat(500)}`, { offset: 500, length: 4 }, plain)
  const [line = '', mark = ''] = frame.split('\n')
  expect(line.length).toBeLessThan(120)
  expect(line.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('HERE')
})

it('counts tabs as one column and drops carriage returns', () => {
  expect(codeFrame('\tkey\r\n', { offset: 1, length: 3 }, plain)).toBe('1 │  key\n  │  ^^^')
})

it.each([
  ['日本', 'x', 4, 1],
  ['x', '鍵', 1, 2],
  ['e\u0301', 'ab', 1, 2],
  ['متجر', 'ab', 4, 2],
])('marks %s%s below the columns that a terminal gives it', (before, meant, spaces, marks) => {
  const frame = codeFrame(before + meant, { offset: before.length, length: meant.length }, plain)
  expect(frame.split('\n')[1]).toBe(`  │ ${' '.repeat(spaces)}${'^'.repeat(marks)}`)
})
