/**
 * `npm run bench -- NAME` and `npm run campaign -- NAME`, with `--quick`, `--long`, `--seed N`.
 *
 * Progress goes to standard error; the last and only line on standard output is
 * `{"name","ok","form","seed",figures…,"targets"}`. Exit code 0 only where `ok`.
 */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

export type Form = 'quick' | 'default' | 'long'

export interface MeasureOptions {
  form: Form
  /** Of every random choice, so that a failure can be repeated. */
  seed: number
  log: (line: string) => void
}

export interface Measurement {
  ok: boolean
  figures: Record<string, number | string | boolean>
  /** Bounds that decided `ok`, by figure. */
  targets: Record<string, { min?: number; max?: number }>
}

type Kind = 'bench' | 'campaign'
const FOLDERS = { bench: 'bench', campaign: 'campaigns' } as const satisfies Record<Kind, string>
const root = join(import.meta.dirname, '..')

function fail(text: string): never {
  process.stderr.write(`${text}\n`)
  process.exit(2)
}

async function namesOf(kind: Kind): Promise<string[]> {
  const files = await readdir(join(root, FOLDERS[kind]))
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map((file) => file.slice(0, -3))
}

async function main(): Promise<void> {
  const kind = process.argv[2] as Kind
  const { values, positionals } = parseArgs({
    args: process.argv.slice(3),
    allowPositionals: true,
    options: { quick: { type: 'boolean' }, long: { type: 'boolean' }, seed: { type: 'string' } },
  })
  const names = await namesOf(kind)
  const name = positionals[0]
  if (!name || !names.includes(name)) {
    fail(`usage: npm run ${kind} -- NAME [--quick | --long] [--seed N]\nNAME is one of: ${names.join(', ')}`)
  }
  const form: Form = values.long ? 'long' : values.quick ? 'quick' : 'default'
  const seed = values.seed === undefined ? Math.trunc(Date.now() % 2 ** 31) : Number(values.seed)
  if (!Number.isSafeInteger(seed)) fail(`--seed takes a whole number, not "${values.seed}"`)
  const module = (await import(join(root, FOLDERS[kind], `${name}.ts`))) as Record<
    string,
    ((options: MeasureOptions) => Promise<Measurement>) | undefined
  >
  const measure = module[kind] ?? fail(`${FOLDERS[kind]}/${name}.ts does not export "${kind}"`)
  const result = await measure({ form, seed, log: (line) => process.stderr.write(`${line}\n`) })
  process.stdout.write(
    `${JSON.stringify({ name, ok: result.ok, form, seed, ...result.figures, targets: result.targets })}\n`,
  )
  process.exit(result.ok ? 0 : 1)
}

await main()
