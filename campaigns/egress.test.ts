import { expect, it } from 'vitest'
import { campaign, obstacle } from './egress.ts'

const reason = await obstacle()

it.skipIf(reason !== undefined)(
  'finds no way past the outbound client, by attacks that work without it (quick form)',
  async () => {
    const { ok, figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
    expect(figures).toMatchObject({ hits: 0, trapMisses: 0, openMisses: 0 })
    expect(ok).toBe(true)
  },
)

it.skipIf(reason === undefined)('says why it cannot run here, and is not ok', async () => {
  const { ok, figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
  expect(ok).toBe(false)
  expect(figures['problem']).toMatch(/cannot run here: it needs/)
})
