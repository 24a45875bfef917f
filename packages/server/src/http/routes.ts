import { Agent, type Dispatcher, Pool } from 'undici'
import { createAddressGuard } from './address-guard.ts'
import { CONNECT_TIMEOUT_MS, createGuardedConnector, type Resolve, resolveWithSystem } from './connect.ts'

/** Bytes of all headers of an answer. Twice what Node's own clients take; large `Link` and CSP headers fit. */
export const MAX_HEADER_BYTES = 32 * 1024

/** Connections to one origin, shared by all workspaces; further requests wait within their time. */
export const MAX_CONNECTIONS_PER_ORIGIN = 128

/** Milliseconds an unused connection is kept. Node, Apache and others close after 5 s; a POST must not meet that moment. */
const KEEP_ALIVE_MS = 4_000

/** Milliseconds at most, where the provider's `Keep-Alive` header asks for more. */
const MAX_KEEP_ALIVE_MS = 60_000

const POOLING = {
  connections: MAX_CONNECTIONS_PER_ORIGIN,
  keepAliveTimeout: KEEP_ALIVE_MS,
  keepAliveMaxTimeout: MAX_KEEP_ALIVE_MS,
  maxHeaderSize: MAX_HEADER_BYTES,
  allowH2: false,
}

/** How a request to some origin travels. */
export interface Route {
  dispatcher: Dispatcher
  /** Where the socket goes. */
  origin: string
  /** Set where it differs from what `origin` implies. */
  hostHeader?: string
}

export interface Routes {
  routeTo(origin: string): Route
  /** Closes every connection, whatever is under way on it. */
  destroy(): Promise<void>
}

/**
 * One guarded pool for the world, and one unguarded pool for each stand-in. A stand-in's pool is reached by the name
 * of its original origin alone and connects to nothing else, so it opens no way to that address for anybody.
 */
export function openRoutes(settings: {
  allowPrivateNetworks: readonly string[]
  providerOrigins: ReadonlyMap<string, string>
  resolve?: Resolve
}): Routes {
  const guard = createAddressGuard(settings.allowPrivateNetworks)
  const connect = createGuardedConnector(guard, settings.resolve ?? resolveWithSystem)
  const guarded = new Agent({ ...POOLING, connect })
  const standIns = new Map<string, Route>()
  for (const [original, origin] of settings.providerOrigins) {
    const dispatcher = new Pool(origin, { ...POOLING, connectTimeout: CONNECT_TIMEOUT_MS })
    standIns.set(original, { dispatcher, origin, hostHeader: new URL(original).host })
  }
  return {
    routeTo: (origin) => standIns.get(origin) ?? { dispatcher: guarded, origin },
    async destroy() {
      const dispatchers = [guarded, ...standIns.values().map((route) => route.dispatcher)]
      await Promise.all(dispatchers.map((dispatcher) => dispatcher.destroy()))
    },
  }
}
