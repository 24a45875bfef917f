/**
 * Bench `sandbox`: calls of an App Function a second in one sandbox process, beside the least that could run it: the same
 * function in a bare QuickJS context each time, in this process, without limits, checks or a border.
 *
 * `callsPerSecond` is of a function that names none of the borrowed globals, `wrappedPerSecond` of one that names four of
 * them, `strangersPerSecond` where every call is another workspace's than the last in its process. Medians of interleaved
 * rounds in one run.
 */
import type { FunctionCall } from 'miniapp'
import { newQuickJSWASMModule } from 'quickjs-emscripten'
import { silentLog } from '../packages/server/src/log.ts'
import { createSandbox, type Sandbox } from '../packages/server/src/sandbox/run-function.ts'
import type { Measurement, MeasureOptions } from '../scripts/measure.ts'

const FORMS = {
  quick: { rounds: 5, roundMs: 150 },
  default: { rounds: 9, roundMs: 2_000 },
  long: { rounds: 25, roundMs: 4_000 },
} as const

/** So that the process never waits for its next call. */
const IN_FLIGHT = 4
const MIN_CALLS_PER_SECOND = 1_500
/** A miss below this share is a tie and counts as reached. */
const TIE = 0.1

const ARGS = {
  rows: Array.from({ length: 12 }, (_, n) => ({ sku: `sku-${n}`, price: 10 + n, quantity: (n % 3) + 1 })),
}
const CODE = `const total = rows.reduce((sum, row) => sum + row.price * row.quantity, 0)
return { total, skus: rows.filter((row) => row.quantity > 1).map((row) => row.sku) }`
const TOTAL = ARGS.rows.reduce((sum, { price, quantity }) => sum + price * quantity, 0)

const PLAIN: FunctionCall = { name: 'plain', params: ['rows'], code: CODE, args: ARGS }
const WRAPPED: FunctionCall = {
  ...PLAIN,
  name: 'wrapped',
  code: `const url = new URL('https://shop.example/?a=' + btoa(rows[0].sku)); console.log(url.href, atob('YQ=='))\n${CODE}`,
}

/** @returns calls a second */
async function rateOf(roundMs: number, call: (n: number) => Promise<number>): Promise<number> {
  const startedAt = performance.now()
  let calls = 0
  await Promise.all(
    Array.from({ length: IN_FLIGHT }, async () => {
      while (performance.now() - startedAt < roundMs) {
        if ((await call(calls++)) !== TOTAL) throw new Error('the function answered something else')
      }
    }),
  )
  return calls / ((performance.now() - startedAt) / 1000)
}

function inSandbox(sandbox: Sandbox, call: FunctionCall, workspaceOf: (n: number) => string) {
  return async (n: number) => {
    const { outcome } = await sandbox.forWorkspace(workspaceOf(n))(call, {})
    return outcome.ok ? Number(outcome.value.total) : Number.NaN
  }
}

async function bareEngine(): Promise<() => Promise<number>> {
  const module = await newQuickJSWASMModule()
  const code = `JSON.stringify((function (rows) { ${CODE} })(${JSON.stringify(ARGS.rows)}))`
  return async () => {
    const context = module.newContext()
    const result = context.unwrapResult(context.evalCode(code))
    const { total } = JSON.parse(context.getString(result)) as { total: number }
    result.dispose()
    context.dispose()
    return total
  }
}

const median = (values: number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

/** Of a call, whose limit is not what is measured: on a machine that does much else one of thousands takes longer than two seconds. */
const PATIENCE_MS = 60_000

export async function bench({ form, log }: MeasureOptions): Promise<Measurement> {
  const { rounds, roundMs } = FORMS[form]
  const sandbox = await createSandbox({ log: silentLog, size: 1, timeMs: PATIENCE_MS })
  const ways = {
    bare: await bareEngine(),
    plain: inSandbox(sandbox, PLAIN, () => 'one'),
    wrapped: inSandbox(sandbox, WRAPPED, () => 'one'),
    strangers: inSandbox(sandbox, PLAIN, (n) => `workspace ${n}`),
  }
  const rates = {
    bare: [] as number[],
    plain: [] as number[],
    wrapped: [] as number[],
    strangers: [] as number[],
  }
  try {
    for (const call of Object.values(ways)) await rateOf(roundMs / 2, call)
    for (let round = 1; round <= rounds; round++) {
      for (const name of Object.keys(ways) as (keyof typeof ways)[]) {
        rates[name].push(await rateOf(roundMs, ways[name]))
      }
      log(`round ${round} of ${rounds}: ${Math.round(rates.plain.at(-1) ?? 0)} calls a second`)
    }
  } finally {
    await sandbox.close()
  }
  const callsPerSecond = Math.round(median(rates.plain))
  const ok = callsPerSecond >= MIN_CALLS_PER_SECOND * (1 - TIE)
  return {
    ok,
    figures: {
      callsPerSecond,
      barePerSecond: Math.round(median(rates.bare)),
      ratioToBare: Number((median(rates.plain) / median(rates.bare)).toFixed(2)),
      wrappedPerSecond: Math.round(median(rates.wrapped)),
      strangersPerSecond: Math.round(median(rates.strangers)),
      ...(ok && callsPerSecond < MIN_CALLS_PER_SECOND && { tie: true }),
    },
    targets: { callsPerSecond: { min: MIN_CALLS_PER_SECOND } },
  }
}
