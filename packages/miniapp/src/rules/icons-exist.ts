import { nearestName } from '../schema/nearest-name.ts'
import { under } from '../schema/pointer.ts'
import { LUCIDE_ICONS } from './lucide-icons.ts'
import { listed, type Rule } from './rule.ts'

/** Icons that one message suggests. */
const MAX_SUGGESTED = 5

/** Each trigger has a Lucide icon (1.3), written as Lucide writes it: `shopping-cart` or `ShoppingCart`. */
export const iconsExist: Rule = ({ survey, report }) => {
  if (survey.triggers.length === 0) return
  const icons = LUCIDE_ICONS.split(' ')
  const known = new Set(icons.map(plain))
  for (const { pointer, value } of survey.triggers) {
    if (value === undefined || known.has(plain(value.icon))) continue
    const near = suggestions(value.icon, icons)
    const hint =
      near.length === 0
        ? 'Lucide has `bell`, `shopping-cart`, `message-square` and many more'
        : `did you mean ${listed(near)}`
    report(
      'unknown-icon',
      under(pointer, 'icon'),
      `\`${value.icon}\` is no icon of Lucide; ${hint}${near.length === 0 ? '.' : '?'}`,
    )
  }
}

function plain(name: string): string {
  return name.replaceAll(/[-_ ]/g, '').toLowerCase()
}

/** Icons that are spelled alike, else those with one of the words. */
function suggestions(typed: string, icons: readonly string[]): string[] {
  const words = typed
    .replaceAll(/([a-z])([A-Z0-9])/g, '$1-$2')
    .toLowerCase()
    .split(/[^a-z]+/)
    .filter((word) => word.length > 2)
  const alike = icons.filter(
    (icon) => icon[0] === typed[0]?.toLowerCase() && Math.abs(icon.length - typed.length) <= 3,
  )
  const near = nearestName(typed, alike)
  const sharing = icons
    .filter((icon) => words.some((word) => icon.split('-').includes(word)))
    .sort((left, right) => left.length - right.length)
  const [exact = near] = sharing.filter((icon) => words.includes(icon))
  const named = [exact, near].filter((icon) => icon !== undefined)
  return [...new Set([...named, ...sharing])].slice(0, MAX_SUGGESTED)
}
