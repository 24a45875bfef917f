import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CliError, systemCode } from '../cli-error.ts'
import type { Outcome } from '../outcome.ts'
import type { Shell } from '../shell.ts'
import type { Judge, Judged, Received } from './judge.ts'
import { saveSample } from './save-sample.ts'

export interface ListenOptions {
  port: number
  host: string
  /** Folder that samples are saved to; absent: none are. */
  save?: string
  /** Ends after so many deliveries; absent: when it is interrupted. */
  count?: number
  /** How the provider calls this port, where that is another address. */
  publicUrl?: string
}

/** What came, for the document at the end. */
interface Listed extends Omit<Judged, 'answer' | 'sample' | 'event'> {
  event: string | null
  at: string
  method: string
  path: string
  bodyBytes: number
  saved: string | null
}

/** The limit of a server: what is larger never gets there. */
const MAX_BODY_BYTES = 5 * 1024 * 1024

/**
 * Takes deliveries on a local port until it is interrupted: shows, judges and saves them.
 *
 * @throws CliError where the port cannot be had
 */
export async function listenWebhooks(judge: Judge, options: ListenOptions, shell: Shell): Promise<Outcome> {
  const listed: Listed[] = []
  const failures: unknown[] = []
  const ended = Promise.withResolvers<void>()
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const received = await readRequest(request, options)
    if (received === undefined) return void response.writeHead(413).end()
    const { answer, sample, event = null, ...judged } = await judge(received)
    const saved = sample && options.save !== undefined ? await saveSample(sample, options.save, shell) : null
    response.writeHead(answer.status, answer.headers).end(answer.body)
    const { method, at, url, rawBody } = received
    const { pathname } = new URL(url)
    listed.push({ at, method, path: pathname, event, bodyBytes: rawBody.length, saved, ...judged })
    shell.say(lineOf(listed.at(-1) as Listed))
    if (listed.length === options.count) ended.resolve()
  }
  const server = createServer((request, response) => {
    take(request, response).catch((error: unknown) => {
      failures.push(error)
      response.destroy()
      ended.resolve()
    })
  })
  const interrupt = () => ended.resolve()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, interrupt)
  try {
    shell.say(`Listening on http://${options.host}:${await open(server, options)}; end with Ctrl-C.`)
    await ended.promise
  } finally {
    for (const signal of signals) process.off(signal, interrupt)
    server.close()
    server.closeIdleConnections()
  }
  if (failures.length > 0) throw failures[0]
  return listenedOutcome(listed)
}

async function open(server: ReturnType<typeof createServer>, { port, host }: ListenOptions): Promise<number> {
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    const reason = systemCode(cause) === 'EADDRINUSE' ? 'it is in use' : systemCode(cause)
    throw new CliError('usage', `Port ${port} of ${host} cannot be had (${reason}).`, {
      next: ['Name another one with --port, or 0 for any that is free.'],
      cause,
    })
  }
  return (server.address() as AddressInfo).port
}

/** `undefined` where the body is too large. */
async function readRequest(
  request: IncomingMessage,
  { publicUrl }: ListenOptions,
): Promise<Received | undefined> {
  const now = Date.now()
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) return undefined
    chunks.push(chunk)
  }
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  )
  const origin = publicUrl ?? `http://${headers['host'] ?? 'localhost'}`
  const url = URL.parse(request.url ?? '/', origin) ?? new URL(origin)
  return {
    at: new Date(now).toISOString(),
    now,
    method: request.method ?? 'POST',
    headers,
    query: Object.fromEntries(url.searchParams),
    url: url.href,
    rawBody: Buffer.concat(chunks),
  }
}

function lineOf({ at, method, path, event, verdict, isRepetition, bodyBytes, saved }: Listed): string {
  return [
    at,
    `${method} ${path}`,
    event ?? 'no event',
    verdict,
    ...(isRepetition ? ['a repetition'] : []),
    `${bodyBytes} bytes`,
    ...(saved === null ? [] : [`saved as ${saved}`]),
  ].join('  ')
}

function listenedOutcome(deliveries: readonly Listed[]): Outcome {
  const saved = deliveries.filter((one) => one.saved !== null).length
  const count = deliveries.length === 1 ? '1 delivery came' : `${deliveries.length} deliveries came`
  return {
    exit: deliveries.some(({ isRefused }) => isRefused) ? 'failed' : 'ok',
    document: { deliveries },
    text: () =>
      saved === 0 ? `${count}.` : `${count}, ${saved} saved as samples. Read them before you commit them.`,
  }
}
