import { fastify } from 'fastify'
import { describe, expect, it } from 'vitest'
import type { Config } from '../config.ts'
import { silentLog } from '../log.ts'
import { createMetrics, MAX_APP_LABELS } from './metrics.ts'
import { metricsRoute } from './metrics-route.ts'

type Access = Pick<Config, 'metricsToken' | 'production'>

function measured(access: Access = { metricsToken: undefined, production: false }) {
  const metrics = createMetrics('1.2.3')
  const server = fastify()
  metrics.watchRequests(server)
  metricsRoute(server, access, metrics)
  const read = (headers: Record<string, string> = {}, remoteAddress = '127.0.0.1') =>
    server.inject({ url: '/metrics', headers, remoteAddress })
  return { metrics, server, read, log: metrics.log(silentLog) }
}

describe('what is counted', () => {
  it('are operations by name and status, actions by app and status, and what limits refused', async () => {
    const { log, read } = measured()
    log.info('operation.handled', { operations: ['apps', 'currentUser'], status: 'ok' })
    log.info('operation.handled', { operations: ['apps'], status: 'FORBIDDEN' })
    log.info('action.executed', { ns: 'github', status: 'ok' })
    log.info('action.executed', { ns: 'github', status: 'RATE_LIMITED' })
    log.info('install.refreshed', { status: 'refreshed' })
    log.warn('sandbox.replaced', { status: 'timeout' })
    log.info('webhook.refused', { ns: 'github', status: 'signature-differs' })
    log.error('webhook.refused', {
      ns: 'github',
      status: 'signature-differs',
      error: new Error('not counted'),
    })
    log.info('webhook.unclaimed', { ns: 'shop', status: 'unknown-merchant' })
    const { body } = await read()
    for (const line of [
      `miniapps_build_info{version="1.2.3",node="${process.version}"} 1`,
      'miniapps_graphql_operations_total{operation="apps",status="ok"} 1',
      'miniapps_graphql_operations_total{operation="apps",status="FORBIDDEN"} 1',
      'miniapps_graphql_operations_total{operation="currentUser",status="ok"} 1',
      'miniapps_actions_total{ns="github",status="RATE_LIMITED"} 1',
      'miniapps_rate_limited_total{work="action"} 1',
      'miniapps_refreshes_total{status="refreshed"} 1',
      'miniapps_sandbox_replaced_total{status="timeout"} 1',
      'miniapps_webhooks_refused_total{ns="github",status="signature-differs"} 1',
      'miniapps_webhooks_unclaimed_total{ns="shop",status="unknown-merchant"} 1',
    ]) {
      expect(body.split('\n')).toContain(line)
    }
    expect(body).toMatch(/^nodejs_eventloop_lag_p99_seconds \d/m)
    expect(body).toMatch(/^process_resident_memory_bytes \d/m)
  })

  it('are HTTP requests by the pattern of their route, and requests to providers by the class of the answer', async () => {
    const { metrics, server, read } = measured()
    server.get('/login/:link', async () => 'ok')
    await server.inject('/login/secret-link')
    await server.inject({ method: 'REPORT', url: '/made-up-address' })
    const answers = [200, 204, 503]
    const send = metrics.send((async () => ({ status: answers.shift() ?? fail() })) as never)
    for (let call = 0; call < 3; call++) await send({} as never, {} as never)
    await expect(send({} as never, {} as never)).rejects.toThrow('refused')
    const { body } = await read()
    expect(body).toContain(
      'miniapps_http_request_seconds_count{method="GET",route="/login/:link",status="200"} 1',
    )
    expect(body).toContain('miniapps_http_request_seconds_count{method="other",route="other",status="404"} 1')
    expect(body).toContain('miniapps_provider_request_seconds_count{outcome="2xx"} 2')
    expect(body).toContain('miniapps_provider_request_seconds_count{outcome="5xx"} 1')
    expect(body).toContain('miniapps_provider_request_seconds_count{outcome="failed"} 1')
    expect(body).not.toMatch(/secret-link|made-up|REPORT/)
  })

  it('names no tenant, nothing that a caller wrote, and a bounded number of apps', async () => {
    const { log, read } = measured()
    const canary = {
      workspaceId: 'canary',
      tokenId: 'canary',
      operationName: 'canary',
      actor: 'canary',
      action: 'canary',
    }
    log.info('operation.handled', { ...canary, operations: [], status: 'canary value' })
    log.info('action.executed', { ...canary, ns: 'canary', status: 'NOT_FOUND' })
    for (let app = 0; app <= MAX_APP_LABELS; app++)
      log.info('action.executed', { ns: `app-${app}`, status: 'ok' })
    const { body } = await read()
    expect(body).not.toContain('canary')
    expect(body).toContain('miniapps_actions_total{ns="other",status="NOT_FOUND"} 1')
    expect(body).toContain(`miniapps_actions_total{ns="app-${MAX_APP_LABELS - 1}",status="ok"} 1`)
    expect(body).toContain('miniapps_actions_total{ns="other",status="ok"} 1')
  })
})

function fail(): never {
  throw new Error('refused')
}

describe('who may read', () => {
  it.each<{ what: string; access: Access; headers?: Record<string, string>; from?: string; status: number }>([
    {
      what: 'this machine, outside of production',
      access: { metricsToken: undefined, production: false },
      status: 200,
    },
    {
      what: 'this machine over IPv6',
      access: { metricsToken: undefined, production: false },
      from: '::ffff:127.0.0.1',
      status: 200,
    },
    {
      what: 'not another machine',
      access: { metricsToken: undefined, production: false },
      from: '192.0.2.7',
      status: 401,
    },
    {
      what: 'nobody in production, where every caller may come through a proxy on this machine',
      access: { metricsToken: undefined, production: true },
      status: 401,
    },
    {
      what: 'whoever has the token, from anywhere',
      access: { metricsToken: 'abc', production: true },
      headers: { authorization: 'Bearer abc' },
      from: '192.0.2.7',
      status: 200,
    },
    {
      what: 'not who has another token',
      access: { metricsToken: 'abc', production: false },
      headers: { authorization: 'Bearer abd' },
      status: 401,
    },
    {
      what: 'not who has none, where there is one',
      access: { metricsToken: 'abc', production: false },
      status: 401,
    },
  ])('$what', async ({ access, headers = {}, from, status }) => {
    const answer = await measured(access).read(headers, from)
    expect(answer.statusCode).toBe(status)
    if (status === 401) expect(answer.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })
})
