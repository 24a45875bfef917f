import { toPointer } from '../../packages/miniapp/src/schema/pointer.ts'
import { removeAt, renameAt, setAt, valueAt } from './edit.ts'
import { type MutationClass, misspelt, pickFrom, withValue } from './mutation.ts'
import { type Place, placesOf } from './places.ts'

/** Values that are not of the type, by what the schema says. */
const WRONG: Readonly<Record<string, unknown>> = {
  string: 7,
  boolean: 'yes',
  number: 'seven',
  int: 'seven',
  array: 'a, b',
  object: 'text',
  record: ['a'],
  enum: 7,
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Mistakes that the schema sees. */
export const SHAPE_MUTATIONS = {
  'misspelt property': {
    expects: ['unknown-property'],
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ isKnown }) => isKnown),
        random,
      )
      if (!place) return undefined
      const owner = valueAt(definition, place.path.slice(0, -1)) as object
      const name = misspelt(String(place.path.at(-1)), random)
      if (Object.hasOwn(owner, name) || place.allowed.includes(name)) return undefined
      const renamed = toPointer([...place.path.slice(0, -1), name])
      return { document: renameAt(definition, place.path, name), places: [place.pointer, renamed] }
    },
  },
  'required property removed': {
    expects: ['missing-property'],
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ isRequired }) => isRequired),
        random,
      )
      return place && { document: removeAt(definition, place.path), places: [place.pointer] }
    },
  },
  'wrong type': {
    expects: ['wrong-type', 'unknown-value'],
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ type }) => type !== undefined && Object.hasOwn(WRONG, type)),
        random,
      )
      return place && withValue(definition, place, WRONG[place.type ?? ''])
    },
  },
  'wrong enum value': {
    expects: ['unknown-value'],
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ type, value }) => type === 'enum' && typeof value === 'string'),
        random,
      )
      return place && withValue(definition, place, `${String(place.value)}${random.pick(['s', '_', ' '])}`)
    },
  },
  'moved out of its object': {
    expects: ['unknown-property', 'missing-property', 'conflicting-properties'],
    mutate: (definition, random) => {
      const places = placesOf(definition)
      const isClosedBelow = new Set(places.filter(({ isKnown }) => isKnown).map(({ pointer }) => pointer))
      const moves = places.flatMap((place) => movesOf(place, definition, isClosedBelow))
      const move = pickFrom(moves, random)
      if (!move) return undefined
      const without = removeAt(definition, move.place.path)
      const document = setAt(without, move.target, move.place.value)
      return { document, places: [move.place.pointer, toPointer(move.target)] }
    },
  },
} satisfies Record<string, MutationClass>

interface Move {
  place: Place
  target: (string | number)[]
}

/** One level up, where the owner of the owner is an object that allows no such name. */
function movesOf(place: Place, definition: object, closed: ReadonlySet<string>): Move[] {
  const { path, isKnown } = place
  if (!isKnown || path.length < 2) return []
  const above = path.slice(0, -2)
  const owner = valueAt(definition, above)
  if (!isObject(owner) || !closed.has(toPointer(path.slice(0, -1)))) return []
  const name = path.at(-1) ?? ''
  return Object.hasOwn(owner, name) ? [] : [{ place, target: [...above, name] }]
}
