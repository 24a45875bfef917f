import { expect, it } from 'vitest'
import { testEngine } from '../packages/server/test/database.ts'
import { campaign } from './power-cut.ts'

it.skipIf(testEngine === 'postgres' || process.platform !== 'linux')(
  'loses nothing that was acknowledged when the power is cut (quick form)',
  { timeout: 600_000 },
  async () => {
    const lines: string[] = []
    const { ok, figures } = await campaign({ form: 'quick', seed: 7, log: (line) => void lines.push(line) })
    expect(figures).toMatchObject({ cuts: 2, failedStarts: 0, lost: 0 })
    expect(ok, lines.join('\n')).toBe(true)
  },
)
