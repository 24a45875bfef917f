import { readFileSync } from 'node:fs'
import {
  type CompiledAuth,
  type CompiledStep,
  compileDefinition,
  createFunctionEngine,
  type Definition,
  type Effects,
  readOptions,
  runSteps,
} from 'miniapp'
import { newQuickJSWASMModule } from 'quickjs-emscripten'

const CATALOG = new URL('../../../catalog/', import.meta.url)
const OPTIONS = { deadlineMs: 10_000 }

type Values = Record<string, unknown>

export interface CatalogAppOptions {
  /** Where a request really goes: the address at the stand-in. */
  redirect: (url: URL) => string
  credentials?: Values
  userInput?: Values
  config?: Values
}

/** A definition of the catalog at the interpreter, without platform: what a stand-in makes of its requests. */
export interface CatalogApp {
  auth: CompiledAuth
  /** @returns the result of an action. Rejects with its error, and where the input does not fit. */
  run(action: string, input: Values): Promise<Values>
  /** @returns values by label. Rejects with the error of the source. */
  options(source: string, input?: Values): Promise<Values>
  /** Runs auth requests; `values` are what the platform knows in them, `credentials` come on top of those of the app. */
  authenticate(
    steps: readonly (CompiledStep | undefined)[],
    values: Values,
    credentials?: Values,
  ): Promise<Values>
}

export async function openCatalogApp(ns: string, options: CatalogAppOptions): Promise<CatalogApp> {
  const text = readFileSync(new URL(`${ns}/miniapp.json`, CATALOG), 'utf8')
  const compiled = compileDefinition(JSON.parse(text) as Definition)
  const effects = await effectsOf(options.redirect)
  const contextFor = (input: Values, credentials: Values = {}) => {
    const { userInput = {}, config = {} } = options
    const bags = {
      credentials: { ...options.credentials, ...credentials },
      metadata: {},
      userInput,
      config,
    }
    return {
      bags,
      input,
      system: { subdomain: 'acme' },
      allowedHosts: compiled.declaredHosts(bags),
      redact: (text: string) => text,
      functions: compiled.definition.functions,
    }
  }
  return {
    auth: compiled.auth,
    async run(name, raw) {
      const action = compiled.actions.get(name)
      const coerced = action?.coerceInput(raw)
      if (!action || !coerced?.ok) throw new Error(`The input does not fit ${name}.`)
      const outcome = await runSteps(action.steps, contextFor(coerced.input), effects, OPTIONS)
      if (outcome.error) throw outcome.error
      return outcome.data
    },
    async options(key, input = {}) {
      const source = compiled.sources.get(key)
      if (!source) throw new Error(`There is no source ${key}.`)
      const answer = await readOptions(source, contextFor(input), effects, OPTIONS)
      if (!answer.ok) throw answer.error
      return Object.fromEntries(answer.options.map(({ value, label }) => [label, value]))
    },
    async authenticate(steps, authValues, credentials) {
      const context = { ...contextFor({}, credentials), authValues, isAuthRequest: true }
      const present = steps.filter((step) => step !== undefined)
      if (present.length < steps.length) throw new Error('The definition has no such auth request.')
      const outcome = await runSteps(present, context, effects, OPTIONS)
      if (outcome.error) throw outcome.error
      return outcome.data
    },
  }
}

async function effectsOf(redirect: CatalogAppOptions['redirect']): Promise<Effects> {
  const engine = createFunctionEngine(await newQuickJSWASMModule())
  return {
    async send({ method, url, headers, body }) {
      const init = { method, headers, ...(body !== undefined && { body: body as BodyInit }) }
      const response = await fetch(redirect(new URL(url)), init)
      const bytes = new Uint8Array(await response.arrayBuffer())
      return { status: response.status, headers: Object.fromEntries(response.headers), body: bytes, url }
    },
    runFunction: async (call) => engine.evaluate(call),
    now: () => Date.now(),
    random: () => 0.5,
    sleep: () => Promise.reject(new Error('Nothing here waits.')),
    uuid: () => crypto.randomUUID(),
  }
}
