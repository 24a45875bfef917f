import type { Definition } from '../../packages/miniapp/src/document.ts'
import type { FindingCode } from '../../packages/miniapp/src/rules/codes.ts'
import type { Random } from '../properties/random.ts'
import { removeAt, renameAt, setAt } from './edit.ts'
import { type Mutant, type MutationClass, misspelt, pickFrom, withValue } from './mutation.ts'
import { type Place, pathPlaces, placesOf, requestPlaces, templatePlaces } from './places.ts'

const PLACEHOLDER = /\{\{\s*([^{}]+?)\s*\}\}|\[\[\s*([^[\]]+?)\s*\]\]/g

/** What is said of a key that nothing provides, or that is no credential. */
const UNRESOLVED: readonly FindingCode[] = [
  'unresolved-placeholder',
  'unresolved-credential',
  'unchecked-placeholder',
  'secret-in-input-placeholder',
  'config-outside-auth',
]

/** Changes one placeholder of one template. */
function inPlaceholder(
  definition: Definition,
  random: Random,
  change: (found: { text: string; key: string; isInput: boolean }) => string,
): Mutant | undefined {
  const place = pickFrom(
    templatePlaces(definition).filter(({ value }) => value.search(PLACEHOLDER) >= 0),
    random,
  )
  if (!place) return undefined
  const found = random.pick([...place.value.matchAll(PLACEHOLDER)])
  const [text, input, credential = ''] = found
  const changed = change({ text, key: input ?? credential, isInput: input !== undefined })
  const { index } = found
  const value = place.value.slice(0, index) + changed + place.value.slice(index + text.length)
  return withValue(definition, place, value)
}

function placesNamed(definition: Definition, name: string): (Place & { value: string })[] {
  return placesOf(definition).filter(
    (place): place is Place & { value: string } =>
      place.path.at(-1) === name && typeof place.value === 'string',
  )
}

function functionSteps(definition: Definition): Place[] {
  return requestPlaces(definition).filter(({ value }) => (value as { type?: unknown }).type === 'function')
}

const misspellsName = (definition: Definition, place: Place & { value: string }, random: Random) =>
  withValue(definition, place, misspelt(place.value, random))

/** Mistakes in what refers to something else. */
export const REFERENCE_MUTATIONS = {
  'swapped brackets': {
    expects: [
      ...UNRESOLVED,
      'host-from-input',
      'host-without-domain',
      'credential-in-function-args',
      'recording-differs',
    ],
    mayMeanTheSame: true,
    mutate: (definition, random) =>
      inPlaceholder(definition, random, ({ key, isInput }) => (isInput ? `[[${key}]]` : `{{${key}}}`)),
  },
  'misspelt placeholder': {
    expects: [...UNRESOLVED, 'recording-differs'],
    mutate: (definition, random) =>
      inPlaceholder(definition, random, ({ key, isInput }) => {
        const [root = '', ...rest] = key.split(/(?=[.[])/)
        const name = misspelt(root, random) + rest.join('')
        return isInput ? `{{${name}}}` : `[[${name}]]`
      }),
  },
  'unclosed placeholder': {
    expects: ['malformed-placeholder'],
    mutate: (definition, random) =>
      inPlaceholder(definition, random, ({ text }) =>
        random.chance(0.5) ? text.slice(0, -2) : text.slice(0, -1),
      ),
  },
  'misspelt path segment': {
    expects: ['recording-differs', 'mapping-never-matches', 'malformed-path'],
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const place = pickFrom(
        pathPlaces(definition).filter(({ value }) => /[a-z]\w/i.test(value)),
        random,
      )
      if (!place) return undefined
      const found = random.pick([...place.value.matchAll(/[a-z]\w+/gi)])
      const after = place.value.slice(found.index + found[0].length)
      const value = place.value.slice(0, found.index) + misspelt(found[0], random) + after
      return withValue(definition, place, value)
    },
  },
  'broken path': {
    expects: ['malformed-path'],
    mutate: (definition, random) => {
      const place = pickFrom(pathPlaces(definition), random)
      return place && withValue(definition, place, `${place.value}${random.pick(['[', '[0', '.', '[?'])}`)
    },
  },
  'misspelt source': {
    expects: ['unknown-source'],
    mutate: (definition, random) => {
      const place = pickFrom(placesNamed(definition, 'x-source'), random)
      return place && misspellsName(definition, place, random)
    },
  },
  'misspelt dependency': {
    expects: ['unknown-dependency'],
    mutate: (definition, random) => {
      const named = placesOf(definition).filter(({ path }) => path.at(-2) === 'x-depends-on')
      const place = pickFrom(named, random)
      return place && withValue(definition, place, misspelt(String(place.value), random))
    },
  },
  'misspelt extension': {
    expects: ['misspelt-extension'],
    mutate: (definition, random) => {
      const place = pickFrom(
        placesOf(definition).filter(({ path }) =>
          /^x-(source|fallback|depends-on|path)$/.test(String(path.at(-1))),
        ),
        random,
      )
      if (!place) return undefined
      const name = `x-${misspelt(String(place.path.at(-1)).slice(2), random)}`
      return { document: renameAt(definition, place.path, name), places: [place.pointer] }
    },
  },
  'misspelt function': {
    expects: ['unknown-function'],
    mutate: (definition, random) => {
      const step = pickFrom(functionSteps(definition), random)
      if (!step) return undefined
      const { name } = step.value as { name: string }
      const path = [...step.path, 'name']
      return { document: setAt(definition, path, misspelt(name, random)), places: [step.pointer] }
    },
  },
  'misspelt argument': {
    // The typo may be the name of another parameter.
    expects: ['unknown-argument', 'recording-differs'],
    mutate: (definition, random) => {
      const args = functionSteps(definition).flatMap(({ pointer }) =>
        placesOf(definition).filter(
          ({ path, pointer: at }) => path.at(-2) === 'args' && at.startsWith(`${pointer}/args/`),
        ),
      )
      const place = pickFrom(args, random)
      if (!place) return undefined
      const name = misspelt(String(place.path.at(-1)), random)
      return { document: renameAt(definition, place.path, name), places: [place.pointer] }
    },
  },
  'two actions of one name': {
    expects: ['duplicate-action-name'],
    mutate: (definition, random) => {
      const { actions = [] } = definition
      if (actions.length < 2) return undefined
      const [first, second] = [random.below(actions.length), random.below(actions.length)]
      if (first === second) return undefined
      return {
        document: setAt(definition, ['actions', first, 'name'], actions[second]?.name),
        places: [`/actions/${first}/name`, `/actions/${second}/name`],
      }
    },
  },
  'wrong trigger type': {
    expects: ['wrong-trigger-type'],
    mutate: (definition, random) => {
      const trigger = {
        type: `miniapps:${misspelt(definition.ns, random)}`,
        event: 'thing.created',
        img: 'thing.svg',
        icon: 'Bell',
        label: 'Thing',
        description: 'A thing.',
        isCustom: false,
      }
      const triggers = [...(definition.triggers ?? []), trigger]
      return {
        document: { ...definition, triggers },
        places: [`/triggers/${triggers.length - 1}/type`],
      }
    },
  },
  'secret not listed': {
    expects: ['unlisted-secret', ...UNRESOLVED],
    // What registration makes itself is secret without being listed.
    mayMeanTheSame: true,
    mutate: (definition, random) => {
      const { sensitiveKeys = [] } = definition.auth
      const listed = sensitiveKeys.filter(
        (key) => /token|secret|password|key/i.test(key) && key !== 'client_secret',
      )
      const key = pickFrom(listed, random)
      if (key === undefined) return undefined
      const path = ['auth', 'sensitiveKeys', sensitiveKeys.indexOf(key)]
      return { document: removeAt(definition, path), places: ['/auth'] }
    },
  },
} satisfies Record<string, MutationClass>
