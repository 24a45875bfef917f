import { REDACTED } from './redact.ts'

/** Sets one query parameter of an absolute URL and leaves the spelling of all others alone. */
export function setParameter(url: string, name: string, value: string): string {
  const { base, pairs } = splitQuery(url)
  const kept = pairs.filter((pair) => nameOf(pair) !== name)
  return `${base}?${[...kept, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`].join('&')}`
}

/** Replaces the values of the named query parameters by `***`. */
export function hideParameters(url: string, names: readonly string[]): string {
  if (names.length === 0 || !url.includes('?')) return url
  const { base, pairs } = splitQuery(url)
  const shown = pairs.map((pair) =>
    names.includes(nameOf(pair)) ? `${pair.split('=', 1)[0]}=${REDACTED}` : pair,
  )
  return `${base}?${shown.join('&')}`
}

/** A fragment is not sent (RFC 9110, 7.1), so it must not hide the query that is put behind it. */
export function appendQuery(url: string, query: string): string {
  const { base, pairs } = splitQuery(url)
  const all = query === '' ? pairs : [...pairs, query]
  return all.length === 0 ? base : `${base}?${all.join('&')}`
}

function splitQuery(url: string): { base: string; pairs: string[] } {
  const fragment = url.indexOf('#')
  const sent = fragment < 0 ? url : url.slice(0, fragment)
  const start = sent.indexOf('?')
  if (start < 0) return { base: sent, pairs: [] }
  return {
    base: sent.slice(0, start),
    pairs: sent
      .slice(start + 1)
      .split('&')
      .filter((pair) => pair !== ''),
  }
}

function nameOf(pair: string): string {
  const name = pair.split('=', 1)[0] ?? ''
  return new URLSearchParams(`${name}=`).keys().next().value ?? name
}
