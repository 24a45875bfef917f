import { expect, it } from 'vitest'
import type { PlacedFinding } from '../definition/check-source.ts'
import { parseJsonSource } from '../definition/parse-json.ts'
import { createPaint } from '../paint.ts'
import { renderFindings } from './findings.ts'

it('shows the lines of a place once, below the last finding there', () => {
  const text = '{ "a": 1, "b": 2 }'
  const source = { name: 'x.json', path: '/x.json', text, parsed: parseJsonSource(text, { lenient: false }) }
  const at = (path: string, offset: number): PlacedFinding => ({
    severity: 'error',
    code: 'missing-property',
    path,
    message: `${path} is missing.`,
    span: { offset, length: 1 },
    position: { line: 1, column: offset + 1 },
  })
  const shown = renderFindings(
    { source, findings: [at('/x', 0), at('/y', 0), at('/b', 15)] },
    createPaint(false),
  )
  expect(shown.split('\n')).toEqual([
    'x.json:1:1  error  missing-property  /x',
    '  /x is missing.',
    '',
    'x.json:1:1  error  missing-property  /y',
    '  /y is missing.',
    '  1 │ { "a": 1, "b": 2 }',
    '    │ ^',
    '',
    'x.json:1:16  error  missing-property  /b',
    '  /b is missing.',
    '  1 │ { "a": 1, "b": 2 }',
    '    │                ^',
  ])
})
