/** Translates between the origins that definitions name and the stand-ins that answer for them (10.4). Pure. */
export interface ProviderOrigins {
  /** No origin has a stand-in. */
  readonly empty: boolean
  /** The origin to connect to in place of `origin`; `undefined` where it has no stand-in. */
  standInFor(origin: string): string | undefined
  /**
   * `url` with a stand-in's origin replaced by the original one; anything else as it is.
   *
   * @param preferred the original origin that is meant where several share the stand-in; else the first of them
   */
  originalUrl(url: string, preferred?: string): string
  /** Puts original origins into the `Link` and `Location` headers of an answer of `origin`, in place. */
  restoreHeaders(headers: Record<string, string>, origin: string): void
}

/** A stand-in on this machine calls itself by any of these names, whichever the setting used. */
const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** @param mapping original origin → stand-in's origin, as `parseProviderOrigins` returns it */
export function createProviderOrigins(mapping: ReadonlyMap<string, string>): ProviderOrigins {
  const originals = new Map<string, string[]>()
  for (const [original, standIn] of mapping) {
    for (const name of namesOf(standIn, original)) {
      // Another entry may have a name of this stand-in for its own original: then that is meant.
      if (!mapping.has(name)) originals.set(name, [...(originals.get(name) ?? []), original])
    }
  }

  function originalUrl(url: string, preferred?: string): string {
    const parsed = URL.parse(url)
    const candidates = parsed ? originals.get(keyOf(parsed)) : undefined
    if (!parsed || !candidates) return url
    const original = candidates.find((candidate) => candidate === preferred) ?? candidates[0]
    return `${original}${parsed.pathname}${parsed.search}${parsed.hash}`
  }

  return {
    empty: mapping.size === 0,
    standInFor: (origin) => mapping.get(origin),
    originalUrl,
    restoreHeaders(headers, origin) {
      const { link, location } = headers
      if (location !== undefined) headers['location'] = originalUrl(location, origin)
      if (link !== undefined) {
        headers['link'] = link.replace(/<([^<>]*)>/g, (_all, url: string) => `<${originalUrl(url, origin)}>`)
      }
    },
  }
}

/** What a stand-in may call itself: where it listens, or, in its own scheme, the `Host` it was asked by. */
function namesOf(standIn: string, original: string): Set<string> {
  const { protocol } = new URL(standIn)
  return new Set([keyOf(new URL(standIn)), `${protocol}//${new URL(original).host}`])
}

function keyOf(url: URL): string {
  if (!LOOPBACK_NAMES.has(url.hostname)) return url.origin
  return new URL(`${url.protocol}//localhost:${url.port}`).origin
}
