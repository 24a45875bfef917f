/** `npm run pack [-- FOLDER]`: the tarballs of the published packages, in `dist` unless a folder is given. */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { PUBLISHED, stagePackages } from './stage-package.ts'

const run = promisify(execFile)
const target = resolve(process.argv[2] ?? 'dist')

const staged = await mkdtemp(join(tmpdir(), 'miniapps-pack-'))
try {
  await mkdir(target, { recursive: true })
  await stagePackages(staged)
  for (const name of PUBLISHED) {
    const { stdout } = await run('npm', [
      'pack',
      join(staged, name),
      '--pack-destination',
      target,
      '--silent',
    ])
    process.stdout.write(`${join(target, stdout.trim())}\n`)
  }
} finally {
  await rm(staged, { recursive: true, force: true })
}
