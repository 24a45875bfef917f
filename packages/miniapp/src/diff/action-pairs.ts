import type { ActionDefinition, Definition } from '../document.ts'
import { compareMembers, listByName, type Rename, takeRenames } from './members.ts'
import { plainStep } from './plain-rule.ts'

/** An action and its place in both versions. */
export interface ActionPair {
  before: ActionDefinition
  after: ActionDefinition
  beforePointer: string
  afterPointer: string
}

export type PlacedAction = { value: ActionDefinition; index: number }

/** What tells an action besides its name, strongest first. */
const TRAITS: readonly ((placed: PlacedAction) => unknown)[] = [
  ({ value }) => [value.requests.map(plainStep), value.parameters],
  ({ value }) => value.requests.map(plainStep),
  ({ value }) => value.title,
]

/** The actions of both versions, paired by name, or by what they do where only the name differs. */
export function actionsOf({ before, after }: { before: Definition; after: Definition }) {
  const members = compareMembers<PlacedAction>(
    listByName(before.actions, ({ name }) => name),
    listByName(after.actions, ({ name }) => name),
  )
  const renamed: Rename<PlacedAction>[] = takeRenames(members, TRAITS)
  return { ...members, renamed }
}
