/**
 * What broken calls print, kept as files that people read: `UPDATE_GOLDEN=1 npx vitest run packages/cli` writes them.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'vitest'
import type { CliRun } from './run-cli.ts'

const FOLDER = join(import.meta.dirname, 'golden')

export interface Shown {
  args: readonly string[]
  env?: Record<string, string> | undefined
  run: CliRun
  /** Texts that differ between machines or runs → what stands for them. */
  replace?: Record<string, string>
}

/** Compares with `golden/<name>.txt`. */
export function expectGolden(name: string, shown: Shown): void {
  const path = join(FOLDER, `${name}.txt`)
  const text = toText(shown)
  if (process.env['UPDATE_GOLDEN']) {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
  }
  expect(text).toBe(readFileSync(path, 'utf8'))
}

function toText({ args, env = {}, run, replace = {} }: Shown): string {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${quoted(value)} `)
  const command = `$ ${variables.join('')}miniapps ${args.map(quoted).join(' ')}`
  const parts = [
    command,
    ...(run.stdout === '' ? [] : [`--- standard output\n${run.stdout.trimEnd()}`]),
    ...(run.stderr === '' ? [] : [`--- standard error\n${run.stderr.trimEnd()}`]),
    `--- exit code ${run.status}\n`,
  ]
  return normalised(parts.join('\n'), replace)
}

function quoted(arg: string): string {
  return /^[\w@%+=:,./-]+$/.test(arg) ? arg : `'${arg}'`
}

/** Times, ports, ids and the texts of `replace`. */
function normalised(text: string, replace: Record<string, string>): string {
  const named = Object.entries(replace).reduce((all, [from, to]) => all.replaceAll(from, to), text)
  return named
    .replace(/\b\d+ ms\b/g, 'N ms')
    .replace(/\b(127\.0\.0\.1|localhost):\d{4,5}\b/g, '$1:PORT')
    .replace(/\b[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, 'ID')
}
