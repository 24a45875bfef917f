/**
 * What one process measures, for Prometheus (specification 10.1). Units of work are counted where they are logged, so that
 * a count and its log lines never disagree.
 *
 * Labels are bounded: events, codes, operations of the schema, patterns of routes, and apps that have worked here. No label
 * names a workspace, an account or anything that a caller wrote: the page is read by people who see no tenant's data.
 */
import type { FastifyInstance } from 'fastify'
import type { Effects } from 'miniapp'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { Context } from '../context.ts'
import type { Log, LogEvent, LogFields } from '../log.ts'

/** Apps that get a label of their own; the others share `other`. Operators register apps, so there are few. */
export const MAX_APP_LABELS = 300
const OTHER = 'other'
/** Seconds: from an answer out of memory to the longest action. */
const BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
/** Upper snake (codes) and lower kebab (outcomes): anything else in a status was not meant for a label. */
const STATUS = /^[A-Z][A-Z0-9_]{1,40}$|^[a-z][a-z-]{1,40}$/

export type Metrics = ReturnType<typeof createMetrics>

/** @param version of the server, for `miniapps_build_info` */
export function createMetrics(version: string) {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  const registers = [registry]
  new Gauge({ name: 'miniapps_build_info', help: 'Always 1.', labelNames: ['version', 'node'], registers })
    .labels(version, process.version)
    .set(1)
  return {
    registry,
    log: (log: Log) => counted(log, countersOf(registers)),
    send: (send: Effects['send']) => timed(send, registers),
    watchRequests: (server: FastifyInstance) => watchRequests(server, registers),
    watchPools: (parts: Pick<Context, 'db' | 'sandbox'>) => watchPools(parts, registers),
  }
}

type Registers = Registry[]
type Counts = Partial<Record<LogEvent, (fields: LogFields) => void>>

function countersOf(registers: Registers): Counts {
  const counter = (name: string, help: string, labelNames: string[]) =>
    new Counter({ name: `miniapps_${name}_total`, help, labelNames, registers })
  const operations = counter('graphql_operations', 'Operations of the schema.', ['operation', 'status'])
  const actions = counter('actions', 'Executions of actions.', ['ns', 'status'])
  const sources = counter('sources', 'Dropdowns that were loaded.', ['status'])
  const refreshes = counter('refreshes', 'Exchanges of refresh tokens.', ['status'])
  const limited = counter('rate_limited', 'Calls that a limit of ours refused.', ['work'])
  const refused = counter('webhooks_refused', 'Deliveries that did not verify or could not be read.', [
    'ns',
    'status',
  ])
  const unclaimed = counter('webhooks_unclaimed', 'Verified deliveries of accounts that no workspace has.', [
    'ns',
    'status',
  ])
  const deliveries = counter('deliveries', "Attempts to tell workspaces' own servers of an event.", [
    'status',
  ])
  const replaced = counter('sandbox_replaced', 'Sandbox processes that were killed or died.', ['status'])
  const failures = counter('requests_failed', 'Requests that failed because of the platform.', [])
  const appOf = boundedNames(MAX_APP_LABELS)
  return {
    'operation.handled': ({ status, operations: names }) => {
      for (const name of Array.isArray(names) ? names : [])
        operations.labels(String(name), statusOf(status)).inc()
      if (status === 'RATE_LIMITED') limited.labels('operation').inc()
    },
    'action.executed': ({ ns, status }) => {
      actions.inc({ ns: appOf(ns, status === 'ok'), status: statusOf(status) })
      if (status === 'RATE_LIMITED') limited.labels('action').inc()
    },
    'source.loaded': ({ status }) => {
      sources.labels(statusOf(status)).inc()
      if (status === 'RATE_LIMITED') limited.labels('source').inc()
    },
    'webhook.refused': ({ ns, status, error }) => {
      if (error === undefined) refused.labels(appOf(ns, true), statusOf(status)).inc()
    },
    'webhook.unclaimed': ({ ns, status }) => unclaimed.labels(appOf(ns, true), statusOf(status)).inc(),
    'install.refreshed': ({ status }) => refreshes.labels(statusOf(status)).inc(),
    'delivery.attempted': ({ status }) => deliveries.labels(statusOf(status)).inc(),
    'sandbox.replaced': ({ status }) => replaced.labels(statusOf(status)).inc(),
    'request.handled': () => failures.inc(),
  }
}

function statusOf(status: unknown): string {
  return typeof status === 'string' && STATUS.test(status) ? status : OTHER
}

/** Names become labels once they have proved to be real; what a caller made up never does. */
function boundedNames(limit: number): (name: unknown, isReal: boolean) => string {
  const known = new Set<string>()
  return (name, isReal) => {
    if (typeof name !== 'string') return OTHER
    if (isReal && known.size < limit) known.add(name)
    return known.has(name) ? name : OTHER
  }
}

/** Counts at every level, also below the one that is written. */
function counted(log: Log, counts: Counts): Log {
  const level =
    (write: (event: LogEvent, fields?: LogFields) => void) =>
    (event: LogEvent, fields: LogFields = {}) => {
      counts[event]?.(fields)
      write(event, fields)
    }
  return {
    debug: level(log.debug),
    info: level(log.info),
    warn: level(log.warn),
    error: level(log.error),
    flush: () => log.flush(),
  }
}

function timed(send: Effects['send'], registers: Registers): Effects['send'] {
  const seconds = new Histogram({
    name: 'miniapps_provider_request_seconds',
    help: "Requests to providers and to workspaces' own servers, by the class of the status, or failed.",
    labelNames: ['outcome'],
    buckets: BUCKETS,
    registers,
  })
  const observe = (outcome: string, startedAt: number) =>
    seconds.observe({ outcome }, (performance.now() - startedAt) / 1000)
  return (request, options) => {
    const startedAt = performance.now()
    const answer = send(request, options)
    // Beside the caller, who does not wait for it.
    void answer.then(
      ({ status }) => observe(`${Math.trunc(status / 100)}xx`, startedAt),
      () => observe('failed', startedAt),
    )
    return answer
  }
}

function watchRequests(server: FastifyInstance, registers: Registers): void {
  const seconds = new Histogram({
    name: 'miniapps_http_request_seconds',
    help: 'HTTP requests, by the pattern of their route.',
    labelNames: ['method', 'route', 'status'],
    buckets: BUCKETS,
    registers,
  })
  server.addHook('onResponse', (request, reply, done) => {
    const route = request.routeOptions.url
    // Without a route the method is the caller's text too.
    const labels = route === undefined ? { method: OTHER, route: OTHER } : { method: request.method, route }
    seconds.observe({ ...labels, status: String(reply.statusCode) }, reply.elapsedTime / 1000)
    done()
  })
}

function watchPools({ db, sandbox }: Pick<Context, 'db' | 'sandbox'>, registers: Registers): void {
  new Gauge({
    name: 'miniapps_sandbox_processes',
    help: 'Processes that run App Functions, and calls that wait for one.',
    labelNames: ['state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(sandbox.load())) this.labels(state).set(count)
    },
  })
  new Gauge({
    name: 'miniapps_database_connections',
    help: 'Connections to the database (the embedded one has one), and statements that wait for one.',
    labelNames: ['engine', 'state'],
    registers,
    collect() {
      for (const [state, count] of Object.entries(db.load())) this.labels(db.engine, state).set(count)
    },
  })
}
