/** The names of Lucide's icons, for the rule that checks those of triggers: `packages/miniapp/src/rules/lucide-icons.ts`. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** From the root of the repository. */
const ICONS_FILE = 'packages/miniapp/src/rules/lucide-icons.ts'
const place = fileURLToPath(new URL(`../${ICONS_FILE}`, import.meta.url))

/** The module as `lucide-react` makes it: the keys of its dynamic imports, older names of renamed icons included. */
async function iconsModule(): Promise<string> {
  const home = fileURLToPath(new URL('../node_modules/lucide-react', import.meta.url))
  const { version } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'))
  const imports = await readFile(join(home, 'dist/esm/dynamicIconImports.mjs'), 'utf8')
  const names = [...imports.matchAll(/^\s*"?([a-z][a-z0-9-]*)"?: \(\) =>/gm)].map(([, name]) => name).sort()
  return [
    `/** Written by \`npm run generate\` from lucide-react ${version}. One text, because a list of this length is slow to load. */`,
    'export const LUCIDE_ICONS =',
    `  '${names.join(' ')}'`,
    '',
  ].join('\n')
}

/** @returns the path of the module, where the committed one is another */
export async function staleIcons(): Promise<string[]> {
  const committed = await readFile(place, 'utf8').catch(() => undefined)
  return committed === (await iconsModule()) ? [] : [ICONS_FILE]
}

/** @returns what was written */
export async function writeIcons(): Promise<string[]> {
  const stale = await staleIcons()
  if (stale.length > 0) await writeFile(place, await iconsModule())
  return stale
}
