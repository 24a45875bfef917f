import type { Definition } from '../../packages/miniapp/src/document.ts'
import type { Random } from '../properties/random.ts'
import { removeAt, renameAt, setAt } from './edit.ts'
import { type Mutant, type MutationClass, misspelt, pickFrom, withValue, withValueAt } from './mutation.ts'
import { placesOf, requestPlaces } from './places.ts'

interface Request {
  method: string
  url: string
  bodyType?: string
  headers?: Record<string, string>
  body?: unknown
}

function httpRequests(definition: object) {
  return requestPlaces(definition).filter(
    (place): place is typeof place & { value: Request } => typeof (place.value as Request).url === 'string',
  )
}

/** A word of the text, outside placeholders and from `start` on, mistyped; `undefined` where there is none. */
function withTypo(text: string, [start, end]: [number, number], random: Random): string | undefined {
  const plain = text.replaceAll(/\{\{[^}]*\}\}|\[\[[^\]]*\]\]/g, (found) => ' '.repeat(found.length))
  const words = [...plain.matchAll(/[a-z]{3,}/gi)].filter(({ index }) => index >= start && index < end)
  const word = pickFrom(words, random)
  if (!word) return undefined
  const [found] = word
  return text.slice(0, word.index) + misspelt(found, random) + text.slice(word.index + found.length)
}

const ORIGIN = /^https:\/\/[^/?#]*/

function inUrl(definition: Definition, random: Random, part: 'host' | 'path'): Mutant | undefined {
  const place = pickFrom(httpRequests(definition), random)
  if (!place) return undefined
  const { url } = place.value
  const originEnd = ORIGIN.exec(url)?.[0].length ?? 0
  const span: [number, number] = part === 'host' ? ['https://'.length, originEnd] : [originEnd, url.length]
  const changed = withTypo(url, span, random)
  return changed === undefined
    ? undefined
    : withValueAt(definition, [...place.path, 'url'], changed, `${place.pointer}/url`)
}

/** Mistakes in what is sent. */
export const REQUEST_MUTATIONS = {
  'other method': {
    expects: ['recording-differs', 'body-never-sent', 'unknown-value'],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const place = pickFrom(httpRequests(definition), random)
      if (!place) return undefined
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'].filter((one) => one !== place.value.method)
      const path = [...place.path, 'method']
      return withValueAt(definition, path, random.pick(others), `${place.pointer}/method`)
    },
  },
  'other host': {
    expects: ['recording-differs', 'host-without-domain', 'malformed-url'],
    mayMeanTheSame: true,
    mutate: (definition, random) => inUrl(definition, random, 'host'),
  },
  'other path': {
    expects: ['recording-differs'],
    mayMeanTheSame: true,
    mutate: (definition, random) => inUrl(definition, random, 'path'),
  },
  'header removed': {
    expects: ['recording-differs'],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const headers = placesOf(definition).filter(
        ({ path, pointer }) => path.at(-2) === 'headers' && !pointer.startsWith('/sync'),
      )
      const place = pickFrom(headers, random)
      return place && { document: removeAt(definition, place.path), places: [place.pointer] }
    },
  },
  'body property renamed': {
    expects: ['recording-differs'],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const owners = httpRequests(definition).filter(({ value }) => typeof value.body === 'object')
      const places = owners.flatMap(({ pointer }) =>
        placesOf(definition).filter(
          (one) => one.pointer.startsWith(`${pointer}/body/`) && typeof one.path.at(-1) === 'string',
        ),
      )
      const place = pickFrom(places, random)
      if (!place) return undefined
      const name = misspelt(String(place.path.at(-1)), random)
      return { document: renameAt(definition, place.path, name), places: [place.pointer] }
    },
  },
  'other body type': {
    expects: [
      'recording-differs',
      'content-type-mismatch',
      'body-without-names',
      'body-never-sent',
      'wrong-type',
    ],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const place = pickFrom(
        httpRequests(definition).filter(({ value }) => value.body !== undefined),
        random,
      )
      if (!place) return undefined
      const others = ['json', 'x-www-form-urlencoded', 'formData', 'raw'].filter(
        (one) => one !== (place.value.bodyType ?? 'json'),
      )
      const document = setAt(definition, [...place.path, 'bodyType'], random.pick(others))
      return { document, places: [place.pointer] }
    },
  },
  'broken function': {
    expects: [
      'function-does-not-parse',
      'function-returns-nothing',
      'recording-differs',
      'function-uses-unavailable-global',
    ],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ pointer }) => /^\/functions\/[^/]+\/code$/.test(pointer)),
        random,
      )
      if (!place) return undefined
      const code = String(place.value)
      // No code at all is told in another way.
      const at = 1 + random.below(code.length - 1)
      const broken = random.pick([
        `${code.slice(0, at)}(${code.slice(at)}`,
        code.slice(0, at),
        code.replace('return', 'retrun'),
        `${code.slice(0, at)}${code.slice(at + 1)}`,
      ])
      return broken === code ? undefined : withValue(definition, place, broken)
    },
  },
} satisfies Record<string, MutationClass>
