/**
 * What an App Function finds besides the language's own built-ins (specification 4.3): `console`, `atob`, `btoa`,
 * `TextEncoder`, `TextDecoder`, `URL`. QuickJS has none of them, so each is a thin layer of sandbox code over one host
 * function that takes and returns JSON text. A global is installed only where the code names it.
 *
 * The sandbox can call a host function with any JSON value (its own `JSON` may be tampered with): every host function
 * here accepts anything, touches nothing but its argument, and answers or throws.
 */

/** One host function and the sandbox code over it. */
export interface SandboxGlobal {
  /** Matches code that may use it. */
  readonly named: RegExp
  /** An expression: `(host) => void`, evaluated in the sandbox. `host(value)` calls {@link answer} by JSON. */
  readonly source: string
  /** Throws what the sandbox sees as a `TypeError` of the same message. */
  readonly answer: (input: unknown) => unknown
}

/** Bytes travel as strings of characters U+0000 to U+00FF, one for each byte. */
function bytesOf(binary: string): Uint8Array {
  return Uint8Array.from(binary, (character) => character.charCodeAt(0) & 0xff)
}

/** Arguments of one `String.fromCharCode` call: well under what any engine's stack takes. */
const CHARACTERS_PER_CALL = 8_192

function binaryOf(bytes: Uint8Array): string {
  let binary = ''
  for (let start = 0; start < bytes.length; start += CHARACTERS_PER_CALL) {
    binary += String.fromCharCode(...bytes.subarray(start, start + CHARACTERS_PER_CALL))
  }
  return binary
}

type Operations = Record<string, (operands: string[]) => unknown>

/** Takes `[operation, …operands]`; operands are made strings, `null` included only where an operation says so. */
function oneOf(operations: Operations): (input: unknown) => unknown {
  return (input) => {
    const [name, ...operands] = Array.isArray(input) ? input.map(String) : []
    if (name === undefined || !Object.hasOwn(operations, name)) throw new TypeError('unknown operation')
    return operations[name]?.(operands)
  }
}

const BASE64: SandboxGlobal = {
  named: /\b(?:atob|btoa)\b/,
  source: `(host) => {
    globalThis.atob = (text) => host(['decode', String(text)])
    globalThis.btoa = (text) => host(['encode', String(text)])
  }`,
  answer: oneOf({
    decode: ([text = '']) => atob(text),
    encode: ([text = '']) => btoa(text),
  }),
}

const ENCODING: SandboxGlobal = {
  named: /\bText(?:En|De)coder\b/,
  source: `(host) => {
    const bytesOf = (binary) => {
      const bytes = new Uint8Array(binary.length)
      for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i)
      return bytes
    }
    const binaryOf = (input) => {
      if (input === undefined) return ''
      const bytes = ArrayBuffer.isView(input)
        ? new Uint8Array(input.buffer, input.byteOffset, input.byteLength)
        : new Uint8Array(input)
      const parts = []
      for (let i = 0; i < bytes.length; i += 4096) parts.push(String.fromCharCode(...bytes.subarray(i, i + 4096)))
      return parts.join('')
    }
    globalThis.TextEncoder = class TextEncoder {
      get encoding() { return 'utf-8' }
      encode(text = '') { return bytesOf(host(['encode', String(text)])) }
    }
    globalThis.TextDecoder = class TextDecoder {
      #label; #fatal; #ignoreBOM
      constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
        this.#label = host(['label', String(label)])
        this.#fatal = Boolean(fatal)
        this.#ignoreBOM = Boolean(ignoreBOM)
      }
      get encoding() { return this.#label }
      get fatal() { return this.#fatal }
      get ignoreBOM() { return this.#ignoreBOM }
      decode(input, options) {
        if (options?.stream) throw new TypeError('TextDecoder decodes whole inputs here; stream is not available')
        return host(['decode', binaryOf(input), this.#label, this.#fatal, this.#ignoreBOM])
      }
    }
  }`,
  answer: oneOf({
    encode: ([text = '']) => binaryOf(new TextEncoder().encode(text)),
    label: ([label = '']) => new TextDecoder(label).encoding,
    decode: ([binary = '', label, fatal, ignoreBOM]) =>
      new TextDecoder(label, { fatal: fatal === 'true', ignoreBOM: ignoreBOM === 'true' }).decode(
        bytesOf(binary),
      ),
  }),
}

const URL_SETTERS = [
  'href',
  'protocol',
  'username',
  'password',
  'host',
  'hostname',
  'port',
  'pathname',
  'search',
  'hash',
] as const
type UrlSetter = (typeof URL_SETTERS)[number]
const isUrlSetter = (name: string): name is UrlSetter => (URL_SETTERS as readonly string[]).includes(name)

function partsOf(url: URL): Record<string, string> {
  return Object.fromEntries([...URL_SETTERS, 'origin' as const].map((name) => [name, url[name]]))
}

/** `URLSearchParams` comes with `URL`, whose `searchParams` it is. */
const ADDRESS: SandboxGlobal = {
  named: /\bURL(?:SearchParams)?\b/,
  source: `(host) => {
    let attach, load
    class URLSearchParams {
      #pairs = []
      #changed = () => {}
      static {
        attach = (changed) => { const params = new URLSearchParams(); params.#changed = changed; return params }
        load = (params, search) => { params.#pairs = host(['pairs', search]) }
      }
      constructor(init = '') {
        if (typeof init !== 'object' || init === null) this.#pairs = host(['pairs', String(init)])
        else for (const [name, value] of init[Symbol.iterator] ? init : Object.entries(init)) this.append(name, value)
      }
      get size() { return this.#pairs.length }
      append(name, value) { this.#pairs.push([String(name), String(value)]); this.#changed() }
      get(name) { return this.#pairs.find((pair) => pair[0] === String(name))?.[1] ?? null }
      getAll(name) { return this.#pairs.filter((pair) => pair[0] === String(name)).map((pair) => pair[1]) }
      has(name, value) { return this.#pairs.some((pair) => pair[0] === String(name) && (value === undefined || pair[1] === String(value))) }
      delete(name, value) {
        this.#pairs = this.#pairs.filter((pair) => pair[0] !== String(name) || (value !== undefined && pair[1] !== String(value)))
        this.#changed()
      }
      set(name, value) {
        const first = this.#pairs.findIndex((pair) => pair[0] === String(name))
        if (first < 0) return this.append(name, value)
        this.#pairs = this.#pairs.filter((pair, index) => index <= first || pair[0] !== String(name))
        this.#pairs[first][1] = String(value)
        this.#changed()
      }
      sort() { this.#pairs.sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)); this.#changed() }
      forEach(visit, self) { for (const [name, value] of this) visit.call(self, value, name, this) }
      *entries() { for (const pair of this.#pairs) yield [...pair] }
      *keys() { for (const pair of this.#pairs) yield pair[0] }
      *values() { for (const pair of this.#pairs) yield pair[1] }
      [Symbol.iterator]() { return this.entries() }
      toString() { return host(['text', ...this.#pairs.flat()]) }
    }
    class URL {
      #parts
      #params
      static {
        for (const name of ${JSON.stringify(URL_SETTERS)}) {
          Object.defineProperty(URL.prototype, name, {
            get() { return this.#parts[name] },
            set(value) {
              this.#parts = host(['set', this.#parts.href, name, String(value)])
              if (this.#params) load(this.#params, this.#parts.search)
            },
            enumerable: true,
            configurable: true,
          })
        }
      }
      constructor(url, base) { this.#parts = host(base === undefined ? ['parse', String(url)] : ['parse', String(url), String(base)]) }
      static canParse(url, base) { return URL.parse(url, base) !== null }
      static parse(url, base) { try { return new URL(url, base) } catch { return null } }
      get origin() { return this.#parts.origin }
      get searchParams() {
        if (!this.#params) {
          this.#params = attach(() => { this.#parts = host(['set', this.#parts.href, 'search', this.#params.toString()]) })
          load(this.#params, this.#parts.search)
        }
        return this.#params
      }
      toString() { return this.href }
      toJSON() { return this.href }
    }
    globalThis.URL = URL
    globalThis.URLSearchParams = URLSearchParams
  }`,
  answer: oneOf({
    parse: ([url = '', base]) => partsOf(new URL(url, base)),
    set: ([href = '', name = '', value = '']) => {
      if (!isUrlSetter(name)) throw new TypeError('unknown part of a URL')
      const url = new URL(href)
      url[name] = value
      return partsOf(url)
    },
    pairs: ([search]) => [...new URLSearchParams(search)],
    text: (operands) => {
      const params = new URLSearchParams()
      for (let i = 0; i + 1 < operands.length; i += 2) params.append(operands[i] ?? '', operands[i + 1] ?? '')
      return params.toString()
    },
  }),
}

/** @param write takes one line, without its end; lines are cut in the sandbox to `lineCharacters` */
export function consoleGlobal(write: (line: string) => void, lineCharacters: number): SandboxGlobal {
  return {
    named: /\bconsole\b/,
    source: `(host) => {
      const stringify = JSON.stringify
      const show = (item) => {
        if (typeof item === 'string') return item
        if (item instanceof Error) return item.name + ': ' + item.message
        try { return stringify(item) ?? String(item) } catch { return String(item) }
      }
      const write = (...items) => { host(items.map(show).join(' ').slice(0, ${lineCharacters})) }
      globalThis.console = { log: write, info: write, warn: write, error: write, debug: write }
    }`,
    answer: (line) => {
      write(String(line))
      return null
    },
  }
}

/** Every global without state. */
export const SANDBOX_GLOBALS: readonly SandboxGlobal[] = [BASE64, ENCODING, ADDRESS]
