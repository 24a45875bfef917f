import { get } from 'node:http'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { gunzipSync } from 'node:zlib'
import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { allWorkspaces } from '../../test/all-workspaces.ts'
import { type TestApi, testApi } from '../../test/api.ts'
import { createWorkspace } from '../account/create-workspace.ts'
import { applyRecords } from './apply-record.ts'
import { exportRows } from './export.ts'
import { readExportTicket } from './export-ticket.ts'
import type { RecordEvent } from './record-event.ts'

const ROWS = 20_000
/** Every order is this long: the whole file is some 40 MB. */
const NOTE = 'n'.repeat(2_000)
const MEBIBYTE = 1024 * 1024

let api: TestApi

/** What is left in memory afterwards is held by somebody. */
setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

function order(index: number): RecordEvent {
  const placedAt = '2026-01-01T00:00:00.000Z'
  const fields = { orderNumber: `${index}`, status: 'paid', note: '=cmd()', placedAt, totalAmount: '-5.00' }
  return { contentType: 'ecommerce:orders', operation: 'create', code: `o-${index}`, fields }
}

beforeAll(async () => {
  api = await testApi({ SAAS_API_URL: 'http://localhost:4000' })
  // Three at each moment, so that a batch may end between two of them.
  await sql`insert into record
    (workspace_id, id, ns, content_type, code, data, source, happened_at, search, created_at, updated_at)
    select ${api.workspace.id}::uuid, gen_random_uuid(), 'salla', 'ecommerce:orders', 'o-' || n,
      jsonb_build_object('code', 'o-' || n, 'note', ${NOTE}::text), '{}', to_timestamp(n / 3), '', now(), now()
    from generate_series(1, ${ROWS}::int) as n`.execute(allWorkspaces(api.context.db.sql))
})
afterAll(() => api.close())

const wanted = (format: 'csv' | 'ndjson') =>
  ({ workspaceId: api.workspace.id, name: 'orders', format, filter: {} }) as const

describe('an export of twenty thousand orders', () => {
  it('has every row once, and holds a fraction of the file in memory', async () => {
    const codes = new Set<string>()
    let bytes = 0
    let rows = 0
    collectGarbage()
    const before = process.memoryUsage().heapUsed
    let highest = 0
    for await (const piece of exportRows(api.context, wanted('ndjson'))) {
      bytes += piece.length
      for (const line of piece.trimEnd().split('\n')) {
        rows += 1
        codes.add(JSON.parse(line).code)
      }
      if (rows % 2_500 > 0) continue
      collectGarbage()
      highest = Math.max(highest, process.memoryUsage().heapUsed - before)
    }
    expect(rows).toBe(ROWS)
    expect(codes.size).toBe(ROWS)
    expect(bytes).toBeGreaterThan(40 * MEBIBYTE)
    expect(highest).toBeLessThan(20 * MEBIBYTE)
  })

  it('reads no further than its reader, and holds no transaction meanwhile', async () => {
    const rows = exportRows(api.context, wanted('csv'))
    await rows.next()
    await rows.next()
    const before = api.statements.length
    // The embedded database has one connection: an open transaction would make this wait for ever.
    await api.context.db.transaction((trx) => trx.selectFrom('migration').select('name').execute())
    expect(api.statements.length).toBe(before + 1)
    await rows.next()
    expect(api.statements.length).toBe(before + 2)
    await rows.return(undefined)
  })

  it('stops reading when the one who downloads it goes away', async () => {
    const address = await api.server.listen({ port: 0, host: '127.0.0.1' })
    const before = api.statements.length
    await new Promise<void>((resolve, reject) => {
      const headers = { 'x-app-token': api.owner }
      const request = get(`${address}/export/orders?format=ndjson`, { headers }, (response) => {
        response.once('data', () => {
          request.destroy()
          resolve()
        })
      })
      request.once('error', reject)
    })
    await api.server.close()
    // Forty batches in all.
    expect(api.statements.length - before).toBeLessThan(30)
  })
})

describe('GET /export', () => {
  let small: TestApi
  let orders: number

  beforeAll(async () => {
    small = await testApi({ SAAS_API_URL: 'http://localhost:4000' })
    orders = 3
    const of = { workspaceId: small.workspace.id, ns: 'salla', source: { ns: 'salla' } }
    const records = Array.from({ length: orders }, (_, index) => order(index))
    await small.context.db.transaction((trx) => applyRecords(small.context, trx, { ...of, records }))
  })
  afterAll(() => small.close())

  it('answers CSV that a spreadsheet opens without running it', async () => {
    const answer = await small.inject({ url: '/export/orders', headers: { 'x-app-token': small.owner } })
    expect(answer.headers).toMatchObject({
      'content-type': 'text/csv; charset=utf-8',
      'content-disposition': 'attachment; filename="orders.csv"',
      'cache-control': 'no-store',
    })
    const lines = answer.body.trimEnd().split('\r\n')
    expect(lines).toHaveLength(orders + 1)
    expect(lines[0]).toMatch(/^\uFEFF_id,ns,code,orderNumber,status,/)
    expect(answer.body).toContain(",-5.00,,,,'=cmd(),2026-01-01T00:00:00.000Z,")
  })

  it('is compressed where the caller takes that', async () => {
    const headers = { 'x-app-token': small.owner, 'accept-encoding': 'br, gzip' }
    const answer = await small.inject({ url: '/export/orders?format=ndjson', headers })
    expect(answer.headers['content-encoding']).toBe('gzip')
    const lines = gunzipSync(answer.rawPayload).toString().trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line).totalAmount)).toEqual(['-5.00', '-5.00', '-5.00'])
  })

  it.each([
    ['/export/orders', '', 401, 'UNAUTHENTICATED'],
    ['/export/orders', 'showCustomers', 403, 'FORBIDDEN'],
    ['/export/secrets', 'showOrders', 404, 'NOT_FOUND'],
    ['/export/orders?format=xls', 'showOrders', 400, 'BAD_USER_INPUT'],
    ['/export/orders?ticket=AAAA', '', 401, 'UNAUTHENTICATED'],
  ])('%s with %j is refused: %d', async (url, permission, status, code) => {
    const token = permission === '' ? '' : await small.tokenWith(permission)
    const answer = await small.inject({ url, headers: token === '' ? {} : { 'x-app-token': token } })
    expect(answer.statusCode).toBe(status)
    expect(answer.json().error.code).toBe(code)
  })

  it('opens with a link for ten minutes, for what the link names', async () => {
    const { data } = await small.call(
      'mutation { exportLink(what: "orders", format: "ndjson", from: "2026-01-01") { url expiresAt } }',
    )
    const { pathname, search } = new URL(data.exportLink.url)
    const answer = await small.inject({ url: pathname + search })
    expect(answer.body.trimEnd().split('\n')).toHaveLength(orders)
    expect((await small.inject({ url: `/export/customers${search}` })).statusCode).toBe(401)
    const other = await createWorkspace(small.context, { subdomain: 'other', name: 'Other' })
    const ticket = search.slice('?ticket='.length)
    const foreign = readExportTicket(small.context, { workspaceId: other.id, ticket })
    await expect(foreign).rejects.toMatchObject({ code: 'UNAUTHENTICATED' })
    small.clock.now += 10 * 60_000 + 1
    expect((await small.inject({ url: pathname + search })).statusCode).toBe(401)
  })

  it('has links only for who may see what they hold', async () => {
    const token = await small.tokenWith('showOrders')
    const { errors } = await small.call('mutation { exportLink(what: "customers") { url } }', { token })
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }])
  })
})
