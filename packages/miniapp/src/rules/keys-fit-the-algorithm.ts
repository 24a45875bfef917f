import { under } from '../schema/pointer.ts'
import type { Rule } from './rule.ts'

/** HMAC needs a shared secret, all else a public key; one in the place of the other would let anybody sign (5.2). */
export const keysFitTheAlgorithm: Rule = ({ survey, report }) => {
  const jwt = survey.webhook.value?.verification?.jwt
  const at = under(survey.webhook.pointer, 'verification', 'jwt', 'algorithms')
  jwt?.algorithms.forEach((algorithm, index) => {
    const isShared = algorithm.startsWith('HS')
    if (isShared ? jwt.secretKey !== undefined : jwt.jwksUrl !== undefined) return
    const [has, needed] = isShared ? ['jwksUrl', 'secretKey'] : ['secretKey', 'jwksUrl']
    report(
      'algorithm-without-key',
      under(at, index),
      `\`${algorithm}\` needs a \`${needed}\`, and there is only a \`${has}\`; name an algorithm that fits, or add the \`${needed}\`.`,
    )
  })
}
