/** Which workspace an address names, and the address of a workspace (specification 10.1). */
import { BoundedCache, perContext } from '../cache.ts'
import type { Config } from '../config.ts'
import type { Context } from '../context.ts'
import { findDefaultWorkspace, findWorkspace, type Workspace } from './store.ts'

type AddressConfig = Pick<Config, 'saasApiUrl' | 'addressMode'>

/** The parts of a request that can name a workspace; a fastify request fits. */
export interface AddressedRequest {
  /** Without the port. Behind a trusted proxy that of `X-Forwarded-Host`. */
  hostname: string
  /** Of the route; `subdomain` is read in the path mode, see {@link routePrefix}. */
  params?: unknown
}

/** Public base address of the workspace, without a trailing slash. */
export function workspaceUrl(config: Pick<Config, 'saasApiUrl'>, subdomain: string): string {
  return config.saasApiUrl.replace('{subdomain}', subdomain)
}

/** Public base address of what is the same for every workspace, such as OAuth callbacks, without a trailing slash (specification 3.4). */
export function callbackBaseUrl(config: Pick<Config, 'saasApiUrl' | 'oauthBaseUrl'>): string {
  return config.oauthBaseUrl ?? config.saasApiUrl
}

/** The `redirect_uri` of an app: providers match it literally. */
export function callbackUrl(config: Pick<Config, 'saasApiUrl' | 'oauthBaseUrl'>, ns: string): string {
  return `${callbackBaseUrl(config)}/miniapps/${ns}/oauth2`
}

/**
 * What the routes of a workspace are mounted under: the path of `SAAS_API_URL`, `/w/:subdomain` in the path mode, empty
 * where there is none. The server expects the public path, so a proxy in front must not strip it.
 */
export function routePrefix(config: AddressConfig): string {
  const { pathname } = new URL(config.saasApiUrl.replace('{subdomain}', 'SUBDOMAIN'))
  return pathname.replace('SUBDOMAIN', ':subdomain').replace(/\/$/, '')
}

/**
 * Whether the request is addressed to the platform itself, where apps with one webhook address for all workspaces are called
 * (specification 5.5): where OAuth calls back too. With one workspace that is the workspace's address.
 */
export function isPlatformAddress(
  config: AddressConfig & Pick<Config, 'oauthBaseUrl'>,
  request: AddressedRequest,
): boolean {
  if (config.addressMode === 'single') return true
  if (config.addressMode === 'path') return subdomainOf(config, request) === undefined
  return request.hostname.toLowerCase() === parsed(config, callbackBaseUrl(config)).hostname
}

/** Origin of the public address that the request came to: its caller may have signed it. */
export function publicOrigin(
  config: AddressConfig & Pick<Config, 'oauthBaseUrl'>,
  request: AddressedRequest,
): string {
  const isShared = config.addressMode !== 'single' && isPlatformAddress(config, request)
  const base = isShared
    ? callbackBaseUrl(config)
    : workspaceUrl(config, subdomainOf(config, request) ?? 'unknown')
  return parsed(config, base).origin
}

/** Addresses of workspaces that are kept: one is asked for again with every delivery. */
const ADDRESSES_KEPT = 5_000

const addressesOf = perContext((_config: AddressConfig) => new BoundedCache<URL>(ADDRESSES_KEPT))

/** Nobody changes what this answers. */
function parsed(config: AddressConfig, address: string): URL {
  const addresses = addressesOf(config)
  let url = addresses.get(address)
  if (url === undefined) {
    url = new URL(address)
    addresses.set(address, url)
  }
  return url
}

/** The subdomain that the request names; undefined where it names none, and in the single-workspace mode. */
export function subdomainOf(config: AddressConfig, request: AddressedRequest): string | undefined {
  return READ_SUBDOMAIN[config.addressMode](config, request)
}

const READ_SUBDOMAIN = {
  single: () => undefined,
  subdomain: (config, request) => {
    const suffix = parsed(config, workspaceUrl(config, 'x')).hostname.slice(1)
    const hostname = request.hostname.toLowerCase()
    const label = hostname.slice(0, -suffix.length)
    return hostname.endsWith(suffix) && label !== '' && !label.includes('.') ? label : undefined
  },
  path: (_config, request) => {
    const { subdomain } = (request.params ?? {}) as { subdomain?: unknown }
    return typeof subdomain === 'string' ? subdomain : undefined
  },
} as const satisfies Record<
  Config['addressMode'],
  (config: AddressConfig, request: AddressedRequest) => string | undefined
>

/** One DNS label (RFC 1035 2.3.4): what a subdomain is. */
export const DNS_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/

/** The workspace that the request is addressed to; undefined where there is none at that address. */
export async function findAddressedWorkspace(
  context: Context,
  request: AddressedRequest,
): Promise<Workspace | undefined> {
  if (context.config.addressMode === 'single') return findDefaultWorkspace(context.db.sql)
  const subdomain = subdomainOf(context.config, request)
  return subdomain !== undefined && DNS_LABEL.test(subdomain)
    ? findWorkspace(context.db.sql, { subdomain })
    : undefined
}
