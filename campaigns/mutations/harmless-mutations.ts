import type { Random } from '../properties/random.ts'
import { replaceAt } from './edit.ts'
import { type MutationClass, pickFrom, withValue } from './mutation.ts'
import { placesOf } from './places.ts'

/** Texts that people read, and their most characters. */
const TEXTS: readonly { pattern: RegExp; most: number }[] = [
  { pattern: /^\/(?:title|label)$/, most: 80 },
  { pattern: /^\/shortDescription$/, most: 120 },
  { pattern: /^\/description$/, most: 10_000 },
  { pattern: /^\/actions\/\d+\/(?:title|description)$/, most: 80 },
  { pattern: /^\/actions\/\d+\/parameters\/properties\/[^/]+\/(?:title|description)$/, most: 80 },
  { pattern: /^\/auth\/form\/[^/]+\/label$/, most: 80 },
]

/** Objects whose order is sent, or shown: what is inside keeps it. */
const ORDERED = /\/(?:body|queryParams|mapping|fields|form|properties|args)(?:\/|$)/

/** Changes that mean nothing. */
export const HARMLESS_MUTATIONS = {
  'other words': {
    expects: [],
    mutate: (definition, random) => {
      const texts = placesOf(definition).flatMap((place) => {
        const text = TEXTS.find(({ pattern }) => pattern.test(place.pointer))
        return text && typeof place.value === 'string' ? [{ place, text: place.value, most: text.most }] : []
      })
      const found = pickFrom(texts, random)
      if (!found) return undefined
      const { place, text, most } = found
      const words = random.pick([
        `${text} (new)`,
        text.toUpperCase(),
        text.replace(/\.$/, ' now.'),
        `${text} — ok`,
      ])
      return words.length > most ? undefined : withValue(definition, place, words)
    },
  },
  'other order of properties': {
    expects: [],
    mutate: (definition, random) => {
      const objects = placesOf(definition).filter(
        ({ value, pointer }) =>
          typeof value === 'object' && value !== null && !Array.isArray(value) && !ORDERED.test(pointer),
      )
      const place = pickFrom(objects, random)
      if (!place) return undefined
      const document = replaceAt(definition, place.path, (value) =>
        Object.fromEntries(
          Object.entries(value as object)
            .map((entry) => ({ entry, rank: random.below(1_000) }))
            .sort((left, right) => left.rank - right.rank)
            .map(({ entry }) => entry),
        ),
      )
      return { document, places: [place.pointer] }
    },
  },
  'other spelling of the same JSON': {
    expects: [],
    mutate: (definition, random) => {
      const text = spelled(definition, random)
      return { document: JSON.parse(text), places: [''] }
    },
  },
  'note of the author': {
    expects: [],
    mutate: (definition, random) => {
      const closed = placesOf(definition).filter(({ isKnown }) => isKnown)
      const place = pickFrom(closed, random)
      if (!place) return undefined
      const document = replaceAt(definition, place.path.slice(0, -1), (owner) => ({
        ...(owner as object),
        'x-note': random.pick(['later', 7, null, { by: 'ada' }]),
      }))
      return { document, places: [place.pointer] }
    },
  },
} satisfies Record<string, MutationClass>

/** The value as JSON, with numbers and letters written in one of the ways that JSON allows. */
function spelled(value: unknown, random: Random): string {
  const blank = random.pick(['', ' ', '\n  '])
  if (Array.isArray(value)) return `[${value.map((item) => blank + spelled(item, random)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${blank}${spelled(name, random)}:${blank}${spelled(member, random)}`,
    )
    return `{${members.join(',')}}`
  }
  if (typeof value === 'number') return random.pick([`${value}`, `${value}e0`, `${value * 10}E-1`])
  return JSON.stringify(value).replaceAll(/[\u0080-\uffff]/g, (letter) =>
    random.chance(0.5) ? letter : `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
