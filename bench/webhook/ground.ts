/**
 * The least that keeps deliveries in one thread: read, verify, parse, one insert for those that came together, answer after
 * its commit. No workspaces, no definitions, no limits: it says what Node, `pg` and PostgreSQL allow on this machine.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import pg from 'pg'
import { GroupCommit } from '../../packages/server/src/db/group-commit.ts'

interface Kept {
  id: string
  topic: string
  headers: string
  body: Buffer
}

const COLUMNS = 4

/** @param keep stores a delivery before it is answered; default: nothing is parsed or kept, as the least of all receivers does */
export function bareServer(secret: string, keep?: (kept: Kept) => Promise<unknown>): Server {
  return createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => void take(Buffer.concat(chunks), request, response))
  })

  async function take(body: Buffer, { headers }: IncomingMessage, response: ServerResponse): Promise<void> {
    const digest = createHmac('sha256', secret).update(body).digest()
    const given = Buffer.from(String(headers['x-market-signature']), 'hex')
    const isSame = given.length === digest.length && timingSafeEqual(given, digest)
    if (isSame && keep !== undefined) {
      const { delivery_id: id } = JSON.parse(body.toString()) as { delivery_id: string }
      await keep({ id, topic: String(headers['x-market-topic']), headers: JSON.stringify(headers), body })
    }
    response.writeHead(isSame ? 202 : 401, { 'content-type': 'application/json' })
    response.end(isSame ? '{"got":"it"}' : '')
  }
}

/** Keeps deliveries in a table of its own. */
export async function openGround(databaseUrl: string): Promise<(kept: Kept) => Promise<unknown>> {
  const pool = new pg.Pool({ connectionString: databaseUrl })
  await pool.query(
    'create table if not exists ground (id text primary key, topic text, headers text, body bytea)',
  )
  await pool.query('alter table ground alter body set compression lz4')
  const group = new GroupCommit<Kept>(
    async (batch) => {
      const rows = batch.map((_, row) => {
        const places = Array.from({ length: COLUMNS }, (_, column) => `$${row * COLUMNS + column + 1}`)
        return `(${places.join()})`
      })
      await pool.query({
        name: `insert ${batch.length}`,
        text: `insert into ground values ${rows.join()} on conflict do nothing`,
        values: batch.flatMap(({ id, topic, headers, body }) => [id, topic, headers, body]),
      })
    },
    { maxItems: 500, inFlight: 2 },
  )
  return (kept) => group.commit(kept)
}
