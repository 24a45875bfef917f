import { expect, it } from 'vitest'
import { campaign } from './sandbox.ts'

it.skipIf(process.platform !== 'linux')(
  'lets no hostile function out, nor longer or larger than its limits (quick form)',
  async () => {
    const lines: string[] = []
    const { figures } = await campaign({ form: 'quick', seed: 7, log: (line) => lines.push(line) })
    const expected = {
      escaped: 0,
      wrongEnds: 0,
      secretsSeen: 0,
      survived: 0,
      networkHits: 0,
      serverDeaths: 0,
    }
    expect(figures, lines.join('\n')).toMatchObject({ ...expected, leftBehind: 0, trapHitsWithoutLock: 1 })
  },
)
