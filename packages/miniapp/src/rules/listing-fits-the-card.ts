import type { Rule } from './rule.ts'

/** Characters of `shortDescription` that a card of the marketplace shows (1.1). */
const CARD_CHARACTERS = 120

/** The marketplace shows one line and one picture of an app (1.1). */
export const listingFitsTheCard: Rule = ({ survey, report }) => {
  const text = survey.text('shortDescription')
  if (text !== undefined && text.length > CARD_CHARACTERS) {
    report(
      'short-description-long',
      '/shortDescription',
      `\`shortDescription\` has ${text.length} characters; cards show ${CARD_CHARACTERS}, shorten it.`,
    )
  }
  for (const name of ['icon', 'logo']) {
    const url = survey.text(name)
    if (url !== undefined && !/\.(svg|png)$/i.test(url.replace(/[?#].*$/s, ''))) {
      report(
        'image-format',
        `/${name}`,
        `\`${name}\` should be an SVG or PNG file; its address ends with neither \`.svg\` nor \`.png\`.`,
      )
    }
  }
}
