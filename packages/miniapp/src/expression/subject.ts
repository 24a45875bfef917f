import type { Rec } from './own.ts'

/** One call of an App Function that a mapping needs, to be made by the caller before the mapping is applied. */
export interface ComputeCall {
  /** Finds the result again: unique in one mapping and payload. */
  readonly id: string
  /** Key of the definition's `functions`. */
  readonly fn: string
  readonly args: Rec
}

/** Returned objects of the functions by the ids of their calls; an `Error` in place of one that failed. */
export type ComputedValues = ReadonlyMap<string, unknown>

/** A field that could not be mapped. */
export interface MappingNote {
  /** Name of the field; inside `mapItems` with its place: `items[2].unitPrice`. */
  readonly field: string
  /** JSON Pointer of the rule. */
  readonly pointer: string
  /** Names field, rule and the type of the offending value, never the value. */
  readonly message: string
}

/** What a rule is applied to. */
export interface Subject {
  /** What `$` means. */
  readonly root: unknown
  /** What bare paths are relative to. */
  readonly base: unknown
  /** Lower-case names; responses only. */
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly status: number | undefined
  readonly computed: ComputedValues | undefined
  readonly notes: MappingNote[]
  /** Place inside `mapItems`: `''`, then `items[2].`. */
  readonly prefix: string
}

/** Why a rule has no value: the end of a sentence that begins with the rule's place. */
export class RuleFault {
  readonly reason: string
  /** The function that was to compute it. */
  readonly fn: string | undefined
  constructor(reason: string, fn?: string) {
    this.reason = reason
    this.fn = fn
  }
}

export interface CompiledRule {
  /** The value; `undefined` where there is none; a {@link RuleFault} where it cannot be made. Never throws. */
  read(subject: Subject): unknown
  /** Adds the function calls that reading needs; absent where it needs none. */
  collect?: (subject: Subject, calls: ComputeCall[]) => void
}

/** Where a rule stands and what it may use. */
export interface RuleSite {
  /** Name of the field that the rule makes. */
  readonly field: string
  readonly pointer: string
  /** `source: "header" | "status"` are understood: only responses have them. */
  readonly isResponse: boolean
  /** Inside the `args` of a `compute` rule, where another `compute` could not have run yet. */
  readonly isArgument: boolean
  readonly depth: number
}
