import { existsSync } from 'node:fs'
import { expect, it } from 'vitest'
import { bench } from './memory.ts'

it.skipIf(!existsSync('/proc/self/smaps_rollup'))(
  'measures what a server takes to start and holds at rest (quick form)',
  async () => {
    const { figures } = await bench({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({ restMb: expect.any(Number), firstStartPeakMb: expect.any(Number) })
  },
)
