import { fastify } from 'fastify'
import { jsonSchema } from 'miniapp'
import { expect, it } from 'vitest'
import { schemaRoute } from './schema-route.ts'

const server = fastify()
schemaRoute(server)
const get = (headers: Record<string, string> = {}) => server.inject({ url: '/miniapp.schema.json', headers })

it('gives editors the JSON Schema, also those in a browser, and lets them keep it for a while', async () => {
  const answer = await get({ origin: 'https://editor.example' })
  expect(answer.statusCode).toBe(200)
  expect(answer.headers).toMatchObject({
    'content-type': expect.stringMatching(/^application\/schema\+json/),
    'access-control-allow-origin': '*',
    'cache-control': 'public, max-age=3600',
  })
  expect(answer.json()).toEqual(jsonSchema())
})

it('answers 304 without a body to those who have it, and all of it to those who have another', async () => {
  const etag = String((await get()).headers['etag'])
  for (const known of [etag, `W/${etag}`, `"old", ${etag}`]) {
    const answer = await get({ 'if-none-match': known })
    expect({ status: answer.statusCode, body: answer.body }, known).toEqual({ status: 304, body: '' })
  }
  expect((await get({ 'if-none-match': '"old"' })).statusCode).toBe(200)
})
