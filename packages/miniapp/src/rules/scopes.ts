import type { ParameterSchema } from '../document.ts'
import { under } from '../schema/pointer.ts'
import { type DeclaredNames, declaredNames } from './declared-names.ts'
import { type InstalledNames, installedNames, outputNames, persistedNames } from './installed-names.ts'
import { parameterSites } from './parameter-sites.ts'
import type { ActionSurvey, Part, StepView, Survey } from './survey.ts'

/** Where `{{key}}` looks, in order, with the names it can find there (specification 2.1). */
export interface Scope {
  places: ScopePlace[]
  /**
   * Whether something may provide further names: a part of the document that has errors of its own (`unknown`), or an
   * App Function that does not declare what it returns (`function`).
   */
  further: 'none' | 'function' | 'unknown'
  isAuthRequest: boolean
  /** Names that exist later only, with why: `it is an output of this very step`. */
  notYet?: ReadonlyMap<string, string>
  /** What somebody who misses a name here may not know, as a clause. */
  note?: string
}

interface ScopePlace {
  /** As a message says it: `form input`. */
  label: string
  names: ReadonlySet<string>
  /** Whether it may choose the host of a request that carries a secret. */
  mayChooseHost: boolean
}

/** Known in every request. */
const SYSTEM_NAMES = ['webhookUrl', 'redirect_uri', 'subdomain', 'uid', 'idempotencyKey', 'now']

/** Values of the OAuth flow that exist in one request only. */
const FLOW_NAMES: Readonly<Record<string, readonly string[]>> = {
  auth_url: ['state', 'code_challenge'],
  get_token: ['code', 'state', 'code_verifier'],
  registrationRequests: ['webhookSecret'],
  unregistrationRequests: ['webhookSecret'],
}

/** Auth requests before this one have run where `userDetails` was read. */
const AFTER_USER_DETAILS = new Set(['refresh_token', 'registrationRequests', 'unregistrationRequests'])

const place = (label: string, names: Iterable<string>, mayChooseHost: boolean): ScopePlace => ({
  label,
  names: new Set(names),
  mayChooseHost,
})

/** Scopes of one document; the bags of the install are worked out once. */
export interface Scopes {
  installed: InstalledNames
  action(action: ActionSurvey, stepIndex: number): Scope
  source(key: string): Scope
  /** @param index of the request where `name` is a list */
  authRequest(name: string, index?: number): Scope
  sync(): Scope
}

export function createScopes(survey: Survey): Scopes {
  const installed = installedNames(survey)
  const isAuthIntact = survey.isIntact('/auth')
  const given = sourceParameters(survey)
  const installPlaces = [
    place('values of the connect form', installed.userInput, true),
    place('metadata', installed.metadata, true),
  ]
  const system = place('system values', SYSTEM_NAMES, true)
  const outside = (first: ScopePlace[], further: Scope['further']): Scope => ({
    places: [...first, ...installPlaces, system],
    further: isAuthIntact ? further : 'unknown',
    isAuthRequest: false,
  })
  return {
    installed,
    action: (action, stepIndex) => {
      const { first, further } = actionPlaces(survey, action, stepIndex)
      return { ...outside(first, further), notYet: laterOutputs(survey, action, stepIndex) }
    },
    source: (key) => ({
      ...outside([place('parameters in `x-depends-on`', given.get(key) ?? [], false)], sourceFurther(survey)),
      note: 'a source is given what a parameter with this `x-source` lists in `x-depends-on`, and its `searchParam`',
    }),
    authRequest: (name, index = 0) => ({
      places: authPlaces(survey, installed, name, index),
      further: isAuthIntact ? 'none' : 'unknown',
      isAuthRequest: true,
    }),
    sync: () => outside([], 'none'),
  }
}

function authPlaces(survey: Survey, installed: InstalledNames, name: string, index: number): ScopePlace[] {
  const { auth } = survey
  const flow = auth.type === 'oauth2' || name.endsWith('Requests') ? (FLOW_NAMES[name] ?? []) : []
  const earlier =
    name === 'registrationRequests' || name === 'unregistrationRequests' ? auth[name].slice(0, index) : []
  const outputs = earlier.flatMap(({ value }) => {
    const persisted = new Set(persistedNames(value?.mapping))
    return outputNames(value?.mapping).filter((output) => !persisted.has(output))
  })
  return [
    place('values of the flow', flow, true),
    place('outputs of earlier requests', outputs, false),
    place('values of the connect form', installed.userInput, true),
    place('metadata', AFTER_USER_DETAILS.has(name) ? installed.metadata : [], true),
    place('app config', installed.config, true),
    place('system values', SYSTEM_NAMES, true),
  ]
}

function actionPlaces(
  survey: Survey,
  action: ActionSurvey,
  stepIndex: number,
): { first: ScopePlace[]; further: Scope['further'] } {
  const outputs = new Set<string>()
  const input = formInput(survey, action.parameters)
  let further: Scope['further'] = input.isOpen ? 'unknown' : 'none'
  for (const earlier of action.steps.slice(0, stepIndex)) {
    const yielded = stepOutputs(survey, earlier)
    for (const name of yielded.names) outputs.add(name)
    if (further !== 'unknown' && yielded.further !== 'none') further = yielded.further
  }
  const step = action.steps[stepIndex]?.value
  const item = step && step.type !== 'function' && step.forEach ? [step.forEach.as] : []
  return {
    first: [
      place('loop item', item, false),
      place('form input', input.names, false),
      place('outputs of earlier steps', outputs, false),
    ],
    further,
  }
}

/** Outputs of this step and of those after it. */
function laterOutputs(survey: Survey, action: ActionSurvey, stepIndex: number): ReadonlyMap<string, string> {
  return new Map(
    action.steps
      .slice(stepIndex)
      .flatMap((step, offset) =>
        stepOutputs(survey, step).names.map((name) => [
          name,
          offset === 0
            ? 'it is an output of this very step, known when the step has run'
            : `it is an output of a later step (${step.pointer}); move that one before this`,
        ]),
      ),
  )
}

function stepOutputs(
  survey: Survey,
  { pointer, value: step }: Part<StepView>,
): { names: readonly string[]; further: Scope['further'] } {
  if (step === undefined || !survey.isIntact(under(pointer, 'type'))) return { names: [], further: 'unknown' }
  if (step.type !== 'function') {
    return { names: outputNames(step.mapping), further: step.mapping === undefined ? 'unknown' : 'none' }
  }
  const called = survey.functions.get(step.name ?? '')
  if (called?.value === undefined) return { names: [], further: 'unknown' }
  return called.value.returns
    ? { names: called.value.returns, further: 'none' }
    : { names: [], further: 'function' }
}

/** What form input can hold: declared names, and whether there may be further ones. */
function formInput(survey: Survey, { pointer, value }: Part<ParameterSchema>): DeclaredNames {
  return survey.isIntact(pointer)
    ? declaredNames(value)
    : { names: Object.keys(value?.properties ?? {}), isOpen: true }
}

/** Names that each source is given: what the parameters that use it list in `x-depends-on`, and its own `searchParam` (4.5). */
function sourceParameters(survey: Survey): ReadonlyMap<string, ReadonlySet<string>> {
  const names = new Map<string, Set<string>>()
  for (const [key, { value }] of survey.sources)
    names.set(key, new Set(value?.searchParam === undefined ? [] : [value.searchParam]))
  for (const { schema } of survey.actions.flatMap(({ parameters }) => parameterSites(parameters))) {
    const given = names.get(schema['x-source'] ?? '')
    for (const name of schema['x-depends-on'] ?? []) given?.add(name)
  }
  return names
}

function sourceFurther(survey: Survey): Scope['further'] {
  return survey.actions.every((action) => survey.isIntact(action.parameters.pointer)) ? 'none' : 'unknown'
}
