/** A workspace's own server that is told of events: a real HTTP server that misbehaves when told to. */
import type { ServerResponse } from 'node:http'
import { type SeenRequest, startLocalServer } from './local-server.ts'

export type Behaviour = (response: ServerResponse, attempt: number) => void

export interface EventReceiver {
  origin: string
  port: number
  /** Deliveries to a path, in the order of their arrival. */
  to(path: string): (SeenRequest & { envelope: Envelope })[]
  /** How a path answers from now on; 200 where nothing is said. */
  behave(path: string, behaviour: Behaviour): void
  /** The most requests to a path that were open at once. */
  mostAtOnce(path: string): number
  close(): Promise<void>
}

export interface Envelope {
  id: string
  version: string
  timestamp: string
  event: string
  // biome-ignore lint/suspicious/noExplicitAny: compared with literals
  data: any
  metadata: { webhookId: string; deliveryId: string; attemptNumber: number; description: string }
}

export async function startEventReceiver(): Promise<EventReceiver> {
  const behaviours = new Map<string, Behaviour>()
  const open = new Map<string, number>()
  const most = new Map<string, number>()
  const ofPath = (path: string) => server.requests.filter(({ url }) => url === path)
  const server = await startLocalServer((request, response) => {
    const path = request.url ?? ''
    const now = (open.get(path) ?? 0) + 1
    open.set(path, now)
    most.set(path, Math.max(most.get(path) ?? 0, now))
    response.on('close', () => open.set(path, (open.get(path) ?? 0) - 1))
    const behave = behaviours.get(path) ?? ((answer) => answer.end('ok'))
    behave(response, ofPath(path).length)
  })
  return {
    origin: server.origin,
    port: server.port,
    to: (path) => ofPath(path).map((request) => ({ ...request, envelope: JSON.parse(request.body) })),
    behave: (path, behaviour) => void behaviours.set(path, behaviour),
    mostAtOnce: (path) => most.get(path) ?? 0,
    close: () => server.close(),
  }
}

export const answers =
  (status: number, body = '', headers: Record<string, string> = {}): Behaviour =>
  (response) =>
    void response.writeHead(status, headers).end(body)

/** Takes the request and never answers. */
export const hangs: Behaviour = () => {}

export const resets: Behaviour = (response) => void response.socket?.resetAndDestroy()
