import type { Definition } from './document.ts'

/**
 * The definition itself, with its type: editors complete and check the document as it is written, and
 * {@link ActionInput} and {@link ActionOutput} read inputs and outputs from it. Does nothing when it runs; what refers
 * to what is checked by `validate`.
 */
export function defineMiniApp<const App extends Definition>(definition: App & Spelled<App, Definition>): App {
  return definition
}

/**
 * `Given` with a type that nothing has in the place of every property that `Known` does not know. Properties whose names
 * start with `x-` are allowed everywhere (1.1).
 */
type Spelled<Given, Known> = unknown extends Known
  ? unknown
  : Given extends readonly unknown[]
    ? { [Index in keyof Given]: Spelled<Given[Index], Item<Known>> }
    : Given extends object
      ? {
          [Name in keyof Given]: Name extends `x-${string}`
            ? unknown
            : Name extends NameOf<Known>
              ? Spelled<Given[Name], ValueAt<Known, Name>>
              : `unknown property ${Name & string}`
        }
      : unknown

type Item<Known> = Known extends readonly (infer Element)[] ? Element : never
/** Names of any form of a union. */
type NameOf<Known> = Known extends readonly unknown[] ? never : Known extends object ? keyof Known : never
/** Value in any form of a union that has the name. */
type ValueAt<Known, Name> = Known extends readonly unknown[]
  ? never
  : Known extends object
    ? Name extends keyof Known
      ? Known[Name]
      : never
    : never

type ActionsOf<App> = App extends { actions: readonly (infer Action)[] } ? Action : never

/** Names of the actions of an app. */
export type ActionName<App> =
  ActionsOf<App> extends infer Action
    ? Action extends { name: infer Name extends string }
      ? Name
      : never
    : never

type ActionOf<App, Name> = Extract<ActionsOf<App>, { name: Name }>

/** What a caller gives to an action: parameters with a default may be left out. */
export type ActionInput<App, Name extends ActionName<App>> =
  ActionOf<App, Name> extends { parameters: infer Schema } ? ObjectValue<Schema> : Record<string, never>

/**
 * What an action answers with. Every output may be missing: a path that selects nothing leaves it out. Its type is known
 * where the mapping says it, whatever the provider answers.
 */
export type ActionOutput<App, Name extends ActionName<App>> =
  ActionOf<App, Name> extends { requests: readonly (infer Step)[] } ? Merged<StepOutput<App, Step>> : never

/** Values that a JSON Schema takes, as far as a type can say it. */
type SchemaValue<Schema> = Schema extends { const: infer Only }
  ? Only
  : Schema extends { enum: readonly (infer One)[] }
    ? One
    : Schema extends { anyOf: readonly (infer One)[] } | { oneOf: readonly (infer One)[] }
      ? SchemaValue<One>
      : Schema extends { type: readonly (infer Type)[] }
        ? TypedValue<Type, Schema>
        : Schema extends { type: infer Type }
          ? TypedValue<Type, Schema>
          : Schema extends { properties: object }
            ? ObjectValue<Schema>
            : unknown

/** By the name of its type; a union of names is distributed. */
type TypedValue<Type, Schema> = Type extends keyof ScalarValues
  ? ScalarValues[Type]
  : Type extends 'array'
    ? Schema extends { items: infer One }
      ? SchemaValue<One>[]
      : unknown[]
    : Type extends 'object'
      ? ObjectValue<Schema>
      : unknown

interface ScalarValues {
  string: string
  number: number
  integer: number
  boolean: boolean
  null: null
}

type ObjectValue<Schema> = Schema extends { properties: infer Properties }
  ? Flat<
      { [Name in DemandedName<Schema, Properties>]: SchemaValue<Properties[Name]> } & {
        [Name in Exclude<keyof Properties, DemandedName<Schema, Properties>>]?: SchemaValue<Properties[Name]>
      }
    >
  : Record<string, unknown>

/** Required, and no default stands in for it. */
type DemandedName<Schema, Properties> = Schema extends { required: readonly (infer Required)[] }
  ? {
      [Name in keyof Properties]: Name extends Required
        ? Properties[Name] extends { default: unknown }
          ? never
          : Name
        : never
    }[keyof Properties]
  : never

type Flat<Value> = { [Name in keyof Value]: Value[Name] }

type StepOutput<App, Step> = Step extends { type: 'function'; name: infer Name }
  ? FunctionOutput<App, Name>
  : Step extends { mapping: infer Mapping }
    ? Mapping extends readonly unknown[]
      ? never
      : {
          -readonly [Name in keyof Mapping]: Step extends { forEach: object }
            ? unknown[]
            : RuleValue<Mapping[Name]>
        }
    : never

type FunctionOutput<App, Name> = App extends { functions: infer Functions }
  ? Name extends keyof Functions
    ? Functions[Name] extends { returns: readonly (infer Output extends string)[] }
      ? Record<Output, unknown>
      : Record<string, unknown>
    : never
  : never

/** What several steps answer together. */
type Merged<Outputs> = { [Name in NameOf<Outputs>]?: ValueAt<Outputs, Name> }

/** What a rule evidently yields (2.4). */
type RuleValue<Rule> = Rule extends `$${string}`
  ? unknown
  : Rule extends string | number | boolean | null
    ? Rule
    : Rule extends { transform: infer Transform }
      ? TransformValue<Transform extends readonly [...unknown[], infer Last] ? Last : Transform, Rule>
      : Rule extends { value: infer Value }
        ? Value
        : Rule extends { source: 'status' }
          ? number
          : unknown

type TransformValue<Transform, Rule> = Transform extends keyof TransformValues
  ? TransformValues[Transform]
  : Transform extends 'mapItems'
    ? Rule extends { fields: infer Fields }
      ? { -readonly [Name in keyof Fields]?: FieldValue<Fields[Name]> }[]
      : unknown[]
    : unknown

/** Inside `fields` every text is a path. */
type FieldValue<Rule> = Rule extends string ? unknown : RuleValue<Rule>

interface TransformValues {
  toString: string
  toNumber: number | string
  toNumberOrNull: number | string | null
  toBoolean: boolean
  toDate: string
  trim: string
  lower: string
  upper: string
  joinCodes: string
  join: string
  split: unknown[]
  minorToMajor: string
  phone: string
}
