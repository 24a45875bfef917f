import { expect, it } from 'vitest'
import { bench } from './scale.ts'

it('measures every operation at ten and at many (quick form)', async () => {
  const lines: string[] = []
  const { figures } = await bench({ form: 'quick', seed: 7, log: (line) => lines.push(line) })
  expect(figures['slowestRatio']).toEqual(expect.any(Number))
  expect(lines.filter((line) => line.startsWith('embedded listApps:'))).toHaveLength(1)
})
