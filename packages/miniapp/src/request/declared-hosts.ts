/**
 * The one spelling of a host: ASCII (punycode), lower case, numbers as dotted addresses, no trailing dot.
 * `undefined` where `host` is no host (it holds a port, a path, user info, …).
 */
export function canonicalHost(host: string): string | undefined {
  if (host === '' || /[\s/?#@\\]/.test(host)) return undefined
  const url = URL.parse(`https://${host}/`)
  if (url === null || url.port !== '') return undefined
  return withoutTrailingDot(url).hostname
}

/** Changes `url` in place: `example.com.` and `example.com` are one host; DNS, TLS and our list all mean the latter. */
export function withoutTrailingDot(url: URL): URL {
  if (url.hostname.endsWith('.')) url.hostname = url.hostname.slice(0, -1)
  return url
}

/**
 * Whether a definition declares `hostname` (canonical, as in {@link canonicalHost}). Entries are `host` or `*.host`
 * in any spelling; `*.host` stands for every name below `host`, at any depth, not for `host` itself.
 */
export function isDeclaredHost(hostname: string, allowedHosts: readonly string[]): boolean {
  // Nearly always the entry is spelled canonically and this decides.
  if (hostname !== '' && allowedHosts.includes(hostname)) return true
  return allowedHosts.some((entry) => {
    const wildcard = entry.startsWith('*.')
    const declared = canonicalHost(wildcard ? entry.slice(2) : entry)
    if (declared === undefined) return false
    return wildcard ? isNameBelow(hostname, declared) : hostname === declared
  })
}

function isNameBelow(hostname: string, parent: string): boolean {
  return hostname.length > parent.length + 1 && hostname.endsWith(`.${parent}`)
}
