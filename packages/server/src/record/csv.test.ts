import { expect, it } from 'vitest'
import { csvLine } from './csv.ts'

it.each([
  ['plain', 'plain'],
  ['a,b', '"a,b"'],
  ['say "x"', '"say ""x"""'],
  ['two\nlines', '"two\nlines"'],
  ['=HYPERLINK("http://evil.example")', '"\'=HYPERLINK(""http://evil.example"")"'],
  ['+cmd|calc', "'+cmd|calc"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['-5.00', '-5.00'],
  ['+966501234567', '+966501234567'],
  ['-1+2', "'-1+2"],
  [null, ''],
  [0, '0'],
  [['a'], '"[""a""]"'],
  [new Date(0), '1970-01-01T00:00:00.000Z'],
])('%j is written as %j', (value, written) => {
  expect(csvLine([value, 'end'])).toBe(`${written},end\r\n`)
})
