import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts'
import { type LocalServer, startLocalServer } from './local-server.ts'

let target: LocalServer
let proxy: FaultProxy

beforeEach(async () => {
  target = await startLocalServer((request, response) => {
    response.writeHead(
      201,
      [
        ['Content-Type', 'application/json'],
        ['Set-Cookie', 'a=1'],
        ['Set-Cookie', 'b=2'],
        ['Link', `<${target.origin}/p2>; rel="next", <http://localhost:${target.port}/p9>; rel="last"`],
        ['Location', `${target.origin}/made`],
      ].flat(),
    )
    response.end(request.method === 'HEAD' ? '' : '{"from":"target"}')
  })
  proxy = await startFaultProxy({ target: target.origin })
})

afterEach(async () => {
  await proxy.close()
  await target.close()
})

const ask = (init?: RequestInit) => fetch(`${proxy.origin}/items?x=1`, { redirect: 'manual', ...init })

describe('the proxy at rest', () => {
  it('passes requests and answers through', async () => {
    const answer = await ask({
      method: 'POST',
      headers: { 'X-Key': 'k', Host: 'api.example.com' },
      body: 'data',
    })
    expect(target.requests).toMatchObject([
      { method: 'POST', url: '/items?x=1', body: 'data', headers: { 'x-key': 'k' } },
    ])
    expect(answer.status).toBe(201)
    expect(answer.headers.getSetCookie()).toEqual(['a=1', 'b=2'])
    expect(await answer.text()).toBe('{"from":"target"}')
  })

  it('passes Host on, and adds nothing of its own', async () => {
    await ask()
    const { connection: _ofTheConnection, ...headers } = proxy.requests[0]?.headers ?? {}
    expect(target.requests[0]?.headers).toEqual(headers)
  })

  it('calls the target by its own name in Link and Location', async () => {
    const { headers } = await ask()
    expect(headers.get('link')).toBe(`<${proxy.origin}/p2>; rel="next", <${proxy.origin}/p9>; rel="last"`)
    expect(headers.get('location')).toBe(`${proxy.origin}/made`)
  })

  it('remembers what it was asked', async () => {
    await ask({ method: 'PUT', headers: { Authorization: 'Bearer t' }, body: 'data' })
    expect(proxy.requests).toMatchObject([
      {
        method: 'PUT',
        url: '/items?x=1',
        headers: { authorization: 'Bearer t' },
        body: 'data',
        fault: undefined,
      },
    ])
  })

  it('breaks the connection where the target is gone', async () => {
    await target.close()
    await expect(ask()).rejects.toThrow('fetch failed')
  })
})

describe('an answer of its own', () => {
  it.each<[string, (proxy: FaultProxy) => void, number, string]>([
    ['401', (it) => it.answer401(), 401, '{"message":"Bad credentials"}'],
    ['429', (it) => it.answer429(), 429, '{"message":"Too many requests"}'],
    ['500', (it) => it.answer500(), 500, '{"message":"Something broke"}'],
    ['status', (it) => it.answer(418, { body: 'tea' }), 418, 'tea'],
  ])('%s never reaches the target', async (name, order, status, body) => {
    order(proxy)
    const answer = await ask()
    expect(answer.status).toBe(status)
    expect(await answer.text()).toBe(body)
    expect(target.requests).toEqual([])
    expect(proxy.requests).toMatchObject([{ fault: name }])
  })

  it('is given as often as was ordered, then requests pass', async () => {
    proxy.answer401(2)
    expect([(await ask()).status, (await ask()).status, (await ask()).status]).toEqual([401, 401, 201])
  })

  it('is given until further order where no number is named', async () => {
    proxy.answer500()
    expect([(await ask()).status, (await ask()).status]).toEqual([500, 500])
    proxy.passThrough()
    expect((await ask()).status).toBe(201)
  })

  it('says when to come back where that is ordered', async () => {
    proxy.answer429({ retryAfter: 7 })
    expect((await ask()).headers.get('retry-after')).toBe('7')
    proxy.answer429({ times: 1 })
    expect((await ask()).headers.get('retry-after')).toBeNull()
    expect((await ask()).status).toBe(201)
  })

  it('can be a web page', async () => {
    proxy.answerHtml()
    const answer = await ask()
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(await answer.text()).toContain('<!doctype html>')
  })

  it('can be huge, to the byte', async () => {
    proxy.answerHuge(300_000)
    const answer = await ask()
    const body = await answer.text()
    expect(answer.headers.get('content-length')).toBeNull()
    expect(body).toHaveLength(300_000)
    expect(JSON.parse(body)).toHaveLength(299_998)
  })

  it('can show the request its own secrets', async () => {
    proxy.echo(true)
    const answer = await ask({
      method: 'POST',
      headers: { Authorization: 'Bearer s3cret' },
      body: 'key=s3cret',
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({
      message: 'Cannot POST /items?x=1',
      headers: { authorization: 'Bearer s3cret' },
      body: 'key=s3cret',
    })
    proxy.echo(false)
    expect((await ask()).status).toBe(201)
  })
})

describe('the connection', () => {
  it('is kept waiting, and the request arrives after that', async () => {
    const impatient = new AbortController()
    proxy.delay(60_000, 1)
    const asked = ask({ signal: impatient.signal })
    await expect.poll(() => proxy.requests).toHaveLength(1)
    impatient.abort()
    await expect(asked).rejects.toThrow()
    proxy.delay(10, 1)
    expect((await ask()).status).toBe(201)
    expect(proxy.requests).toMatchObject([{ fault: 'delay' }, { fault: 'delay' }])
  })

  it('is cut before the answer, and the target is not asked', async () => {
    proxy.cut(0, 1)
    await expect(ask({ method: 'POST', body: 'x' })).rejects.toThrow('fetch failed')
    expect(target.requests).toEqual([])
    expect((await ask()).status).toBe(201)
  })

  it.each([
    [5, 5],
    [1000, 16],
  ])(
    'is cut after %d bytes of the answer, at the latest before its last: %d arrive',
    async (afterBytes, arriving) => {
      proxy.cut(afterBytes)
      const answer = await ask()
      expect(answer.status).toBe(201)
      expect(answer.headers.get('content-length')).toBe('17')
      const received: Uint8Array[] = []
      await expect(async () => {
        for await (const chunk of answer.body ?? []) received.push(chunk)
      }).rejects.toThrow()
      expect(Buffer.concat(received).byteLength).toBe(arriving)
      expect(target.requests).toHaveLength(1)
    },
  )
})

describe('an order for one path', () => {
  it('leaves the others alone, and counts its own', async () => {
    proxy.only(/^\/items/).answer401(1)
    expect((await fetch(`${proxy.origin}/other`)).status).toBe(201)
    expect((await ask()).status).toBe(401)
    expect((await ask()).status).toBe(201)
  })

  it('is for that order alone', async () => {
    proxy.only(/^\/nothing/).answer401()
    proxy.answer500()
    expect((await ask()).status).toBe(500)
  })
})

describe('a request that is held', () => {
  it.each([
    ['before', 0],
    ['after', 1],
  ] as const)('%s the real server saw it', async (when, seen) => {
    const hold = proxy.hold(when)
    const answer = ask({ method: 'POST', body: 'data' })
    expect(await hold.reached).toMatchObject({ method: 'POST', url: '/items?x=1', body: 'data' })
    expect(target.requests).toHaveLength(seen)
    expect((await ask()).status).toBe(201)
    hold.release()
    expect(await (await answer).text()).toBe('{"from":"target"}')
    expect(target.requests).toHaveLength(2)
  })
})
