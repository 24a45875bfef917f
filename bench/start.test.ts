import { expect, it } from 'vitest'
import { bench } from './start.ts'

it('measures the start of the packed command line beside a bare Node (quick form)', async () => {
  const { figures } = await bench({ form: 'quick', seed: 7, log: () => {} })
  for (const name of ['bareNodeMs', 'validateColdMs', 'validateWarmMs', 'sourcesColdMs', 'sourcesWarmMs'])
    expect(figures[name], name).toEqual(expect.any(Number))
})
