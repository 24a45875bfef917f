import { CliError } from '../cli-error.ts'

/** Providers' origins and the stand-ins that answer for them, as `--origin` gives them. */
export interface StandIns {
  /** Where to connect to in the place of `origin`. */
  originFor(origin: string): string | undefined
  /** `url` with a stand-in's origin replaced by the provider's; anything else as it is. */
  restore(url: string): string
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/**
 * @param pairs `https://api.example.com=http://127.0.0.1:4001`
 * @throws CliError where one is not two origins
 */
export function readStandIns(pairs: readonly string[]): StandIns {
  const origins = new Map(pairs.map(readPair))
  const providers = new Map<string, string>()
  for (const [provider, standIn] of origins) {
    // A stand-in calls itself by the address where it listens, or by the name that it was asked by.
    const { protocol } = new URL(standIn)
    providers.set(keyOf(new URL(standIn)), provider)
    providers.set(keyOf(new URL(`${protocol}//${new URL(provider).host}`)), provider)
  }
  for (const provider of origins.keys()) providers.delete(provider)
  return {
    originFor: (origin) => origins.get(origin),
    restore: (url) => {
      const parsed = URL.parse(url)
      const provider = parsed && providers.get(keyOf(parsed))
      return parsed && provider ? `${provider}${parsed.pathname}${parsed.search}${parsed.hash}` : url
    },
  }
}

function readPair(pair: string): [string, string] {
  const [provider, standIn, ...rest] = pair.split('=').map(originOf)
  if (provider === undefined || standIn === undefined || rest.length > 0) {
    throw new CliError('usage', `--origin takes two origins without path, not "${pair}".`, {
      next: ['For example --origin https://api.github.com=http://127.0.0.1:4001'],
    })
  }
  return [provider, standIn]
}

/** The origin that `text` spells, without anything besides. */
function originOf(text: string): string | undefined {
  const url = URL.parse(text)
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
  return url.href === `${url.origin}/` ? url.origin : undefined
}

function keyOf(url: URL): string {
  if (!LOOPBACK_NAMES.has(url.hostname)) return url.origin
  return new URL(`${url.protocol}//localhost:${url.port}`).origin
}
