import { expect, it } from 'vitest'
import { campaign } from './crash-action.ts'

it('finds nothing half connected and no record lost after kills (quick form)', async () => {
  const { figures } = await campaign({ form: 'quick', seed: 7, log: () => {} })
  expect(figures).toMatchObject({ halfConnected: 0, lostConnections: 0, lostRecords: 0, doubledRecords: 0 })
})
