/**
 * Stand-ins for GitHub, Linear, Slack and Stripe: the npm package `emulate`, which nobody of this project wrote, on free ports
 * of 127.0.0.1, each with a small world of its own. Used by walks in tests and by `npm run demo`.
 *
 * The stand-ins keep everything in memory and write no file; two calls share nothing.
 */
import { createEmulator, type Emulator, type SeedConfig } from 'emulate'
import { fillGithub, type GithubSeed, githubSeed } from './providers/github.ts'
import { fillLinear, type LinearSeed, linearSeed } from './providers/linear.ts'
import { fillSlack, type SlackSeed, slackSeed } from './providers/slack.ts'
import { fillStripe, type StripeSeed, stripeSeed } from './providers/stripe.ts'

export interface Providers {
  /** Origin of the GitHub stand-in, such as `http://127.0.0.1:40123`; stands for `https://api.github.com`. */
  github: string
  /** Origin of the Linear stand-in; stands for `https://linear.app` and `https://api.linear.app`. */
  linear: string
  /** Origin of the Slack stand-in; stands for `https://slack.com`. */
  slack: string
  /** Origin of the Stripe stand-in; stands for `https://api.stripe.com`. It takes any key. */
  stripe: string
  /** The mappings in the form of the setting `PROVIDER_ORIGINS`. */
  providerOrigins: string
  seed: ProviderSeed
  /** Ends the servers and drops what they hold. May be called more than once. */
  close(): Promise<void>
}

export interface ProviderSeed {
  github: GithubSeed
  linear: LinearSeed
  slack: SlackSeed
  stripe: StripeSeed
}

export interface ProviderOptions {
  /** Where Linear's OAuth application may send the user back to; default nowhere. */
  linearRedirectUris?: string[]
}

/** Starts and seeds all stand-ins. Rejects, with nothing left running, when one of them does not start. */
export async function startProviders({ linearRedirectUris = [] }: ProviderOptions = {}): Promise<Providers> {
  const running: Emulator[] = []
  const close = async () => {
    await Promise.all(running.map((emulator) => emulator.close()))
  }
  try {
    const github = await start('github', githubSeed(), running)
    const linear = await start('linear', linearSeed(linearRedirectUris), running)
    const slack = await start('slack', slackSeed(), running)
    const stripe = await start('stripe', stripeSeed(), running)
    return {
      github,
      linear,
      slack,
      stripe,
      providerOrigins: [
        `https://api.github.com=${github}`,
        `https://linear.app=${linear}`,
        `https://api.linear.app=${linear}`,
        `https://slack.com=${slack}`,
        `https://api.stripe.com=${stripe}`,
      ].join(),
      seed: {
        github: await fillGithub(github),
        linear: await fillLinear(linear),
        slack: await fillSlack(slack),
        stripe: await fillStripe(stripe),
      },
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function start(service: keyof ProviderSeed, seed: SeedConfig, running: Emulator[]): Promise<string> {
  const emulator = await createEmulator({ service, port: 0, hostname: '127.0.0.1', seed })
  running.push(emulator)
  const { hostname, port } = new URL(emulator.url)
  if (hostname !== 'localhost' || port === '') {
    throw new Error(
      `The ${service} stand-in calls itself ${emulator.url}; unset EMULATE_BASE_URL and PORTLESS_URL.`,
    )
  }
  return `http://127.0.0.1:${port}`
}
