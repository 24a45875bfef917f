/** The code that stands between an App Function and the host, on the sandbox's side. */
import { FUNCTION_MESSAGE_CHARACTERS, FUNCTION_RESULT_BYTES } from './evaluate-function-limits.ts'

/**
 * Evaluated before the function. `describe` turns whatever was thrown into JSON; `invoke` answers `=` and the result's
 * JSON text, or `!` and what is wrong with the result. Members that are `undefined` are left out, as JSON.stringify does.
 */
export const PRELUDE = `(() => {
  const { parse, stringify } = JSON
  const kindOf = (value) => {
    if (value === null) return 'null'
    if (Array.isArray(value)) return 'an array'
    if (value instanceof Promise) return 'a promise'
    if (typeof value !== 'object') return value === undefined ? 'undefined' : 'a ' + typeof value
    return 'an instance of ' + (value.constructor?.name || 'an unnamed class')
  }
  const isPlain = (value) => {
    const prototype = Object.getPrototypeOf(value)
    return prototype === Object.prototype || prototype === null
  }
  const flaw = (value, path, above) => {
    if (value === null || typeof value === 'string' || typeof value === 'boolean') return ''
    if (typeof value === 'number') return Number.isFinite(value) ? '' : value + ' at ' + path
    const list = Array.isArray(value)
    if (typeof value !== 'object' || (!list && !isPlain(value))) return kindOf(value) + ' at ' + path
    if (above.includes(value)) return 'a circular reference at ' + path
    above.push(value)
    for (const key of list ? value.keys() : Object.keys(value)) {
      if (!list && value[key] === undefined) continue
      const found = flaw(value[key], list ? path + '[' + key + ']' : path ? path + '.' + key : key, above)
      if (found) return found
    }
    above.pop()
    return ''
  }
  // sfc32: every call starts from the same memory, so the engine's own generator would repeat itself.
  const randomOf = ([a, b, c, d]) => {
    const next = () => {
      const sum = (a + b + d) | 0
      d = (d + 1) | 0
      a = b ^ (b >>> 9)
      b = (c + (c << 3)) | 0
      c = (((c << 21) | (c >>> 11)) + sum) | 0
      return sum >>> 0
    }
    return () => ((next() >>> 5) * 2 ** 26 + (next() >>> 6)) / 2 ** 53
  }
  return {
    compile: (input) => {
      const { params, code, seed } = parse(input)
      Math.random = randomOf(seed ?? [0, 0, 0, 1])
      return new Function(...params, code)
    },
    invoke: (body, input) => {
      const { params, args } = parse(input)
      const value = body(...params.map((name) => (Object.hasOwn(args, name) ? args[name] : undefined)))
      if (value instanceof Promise) return '!returned a promise; functions run synchronously, without async and await.'
      if (typeof value !== 'object' || value === null || Array.isArray(value) || !isPlain(value)) {
        return '!must return a plain object; it returned ' + kindOf(value) + '.'
      }
      const found = flaw(value, '', [])
      if (found) return '!returned ' + found + ', which JSON cannot hold.'
      const text = stringify(value)
      return text.length > ${FUNCTION_RESULT_BYTES} ? '!returned more than 1 MiB.' : '=' + text
    },
    describe: (thrown) => {
      const text = (value) => (typeof value === 'string' ? value : value === undefined ? '' : String(value))
      const isObject = (typeof thrown === 'object' && thrown !== null) || typeof thrown === 'function'
      return stringify({
        engine: thrown instanceof InternalError,
        syntax: thrown instanceof SyntaxError,
        nothing: thrown === null || thrown === undefined,
        name: isObject ? text(thrown.name) : '',
        message: (isObject ? text(thrown.message) : String(thrown)).slice(0, ${FUNCTION_MESSAGE_CHARACTERS}),
        line: isObject && typeof thrown.lineNumber === 'number' ? thrown.lineNumber : null,
      })
    },
  }
})()`

/** QuickJS puts a generated function's body after two lines of its own. */
export const LINES_BEFORE_BODY = 2

/** What `describe` answers. */
export interface Thrown {
  engine: boolean
  syntax: boolean
  nothing: boolean
  name: string
  message: string
  line: number | null
}

/** Gives an installer of a global its host function, by JSON both ways. Evaluated before the function, so that its `JSON` is the real one. */
export const BRIDGE = `((call, install) => {
  const { parse, stringify } = JSON
  install((input) => {
    const answer = parse(call(stringify(input)))
    if (answer.error !== undefined) throw new TypeError(answer.error)
    return answer.value
  })
})`
