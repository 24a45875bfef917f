import { check, type Stage } from './stage.ts'

export async function connectSlack(stage: Stage): Promise<void> {
  const answer = await stage.connect('slack', { botToken: stage.providers.seed.slack.token })
  check(answer.status === 'connected', 'slack connected', answer)
  stage.say('Connected Slack', [`connected as ${String(answer.accountName)} (uid ${String(answer.uid)})`])
}

export async function sendDirectMessage(stage: Stage): Promise<void> {
  const { users, token } = stage.providers.seed.slack
  const text = 'Order 1042: the coupon is on its way.'
  const outcome = await stage.execute('slack', 'sendDirectMessage', { user: users.omar?.id, text })
  check(outcome.success && typeof outcome.data?.channelId === 'string', 'a sent message', outcome)
  stage.say('Sent a direct message in two chained steps', [outcome.data ?? {}])
  const response = await fetch(`${stage.providers.slack}/api/conversations.history`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ channel: outcome.data?.channelId }),
  })
  const { messages = [] } = (await response.json()) as { messages?: { text: string }[] }
  check(
    messages.some((message) => message.text === text),
    'the message at the provider',
    messages,
  )
  stage.say(
    'Read it back from the provider',
    messages.map((message) => message.text),
  )
}
