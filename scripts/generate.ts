/**
 * `npm run generate`: writes `docs/reference`, the compiled meta-schemas and the names of icons. `-- --check` writes
 * nothing and fails where a file is stale.
 */
import { parseArgs } from 'node:util'
import { staleDialects, writeDialects } from './generate-dialects.ts'
import { staleIcons, writeIcons } from './generate-icons.ts'
import { REFERENCE_FOLDER, referenceFiles, staleFiles, writeReference } from './generate-reference.ts'

function readOptions(): { check: boolean } {
  try {
    return parseArgs({ options: { check: { type: 'boolean', default: false } } }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\nusage: npm run generate [-- --check]\n`)
    process.exit(2)
  }
}

const list = (names: string[]) => names.map((name) => `  ${name}\n`).join('')

const { check } = readOptions()
const files = await referenceFiles()
const pages = await (check ? staleFiles(files) : writeReference(files))
const dialects = await (check ? staleDialects() : writeDialects())
const icons = await (check ? staleIcons() : writeIcons())
const stale = [...pages.map((name) => `${REFERENCE_FOLDER}/${name}`), ...dialects, ...icons]
if (stale.length === 0) process.stdout.write(`All ${files.size} files of ${REFERENCE_FOLDER} are fresh.\n`)
else if (!check) process.stdout.write(`Written:\n${list(stale)}`)
else {
  process.stderr.write(
    `Stale, because the code has changed:\n${list(stale)}Run \`npm run generate\` and commit them.\n`,
  )
}
process.exit(check && stale.length > 0 ? 1 : 0)
