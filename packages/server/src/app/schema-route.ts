/** `GET /miniapp.schema.json`: the format of definitions for editors (specification 1, 10.1). */
import { createHash } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { jsonSchema } from 'miniapp'

/** Seconds: the schema changes with a release of the server alone, and editors ask for it each time they start. */
const FRESH_SECONDS = 3_600

/** It holds nothing of any workspace: everybody may read it, editors in a browser too. */
export function schemaRoute(server: FastifyInstance): void {
  let made: { text: string; etag: string } | undefined
  server.get('/miniapp.schema.json', ({ headers }, reply) => {
    // At the first request: a start should not wait for what few ask for.
    made ??= makeSchema()
    const { text, etag } = made
    reply
      .header('access-control-allow-origin', '*')
      .header('x-content-type-options', 'nosniff')
      .header('cache-control', `public, max-age=${FRESH_SECONDS}`)
      .header('etag', etag)
    // RFC 9110, 13.1.2: weakly compared, and a proxy that compresses may have weakened it.
    const known = (headers['if-none-match'] ?? '').split(',').map((one) => one.trim().replace(/^W\//, ''))
    if (known.includes(etag) || known.includes('*')) return reply.code(304).send()
    return reply.type('application/schema+json').send(text)
  })
}

function makeSchema(): { text: string; etag: string } {
  const text = JSON.stringify(jsonSchema())
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url')}"` }
}
