/** The form bodies of `catalog/stripe`, read by a server that nobody of this project wrote. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CatalogApp, openCatalogApp } from './catalog-app.ts'
import { type Providers, startProviders } from './providers.ts'

let providers: Providers
let stripe: CatalogApp
beforeAll(async () => {
  providers = await startProviders()
  stripe = await openCatalogApp('stripe', {
    redirect: ({ pathname, search }) => providers.stripe + pathname + search,
    credentials: { secretKey: providers.seed.stripe.key },
  })
})
afterAll(() => providers.close())

async function read(path: string) {
  const response = await fetch(`${providers.stripe}/v1/${path}`)
  return (await response.json()) as Record<string, unknown>
}

describe('actions', () => {
  test('a customer is created, found, changed, read and deleted', async () => {
    const { id } = await stripe.run('createCustomer', {
      fullName: 'عمر & "Co" 100 %',
      email: 'new@example.com',
      metadata: { 'cart id': 42, note: 'a=b&c' },
    })
    expect(await read(`customers/${id}`)).toMatchObject({
      name: 'عمر & "Co" 100 %',
      metadata: { 'cart id': '42', note: 'a=b&c' },
    })
    expect(await stripe.run('findCustomersByEmail', { email: 'new@example.com' })).toMatchObject({
      customerId: id,
      hasMore: false,
    })
    await stripe.run('updateCustomer', { customer: id, description: 'Asked for a discount' })
    expect(await stripe.run('getCustomer', { customer: id })).toMatchObject({
      email: 'new@example.com',
      description: 'Asked for a discount',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
    })
    expect(await stripe.run('deleteCustomer', { customer: id })).toEqual({ id, deleted: true })
    await expect(stripe.run('getCustomer', { customer: id })).rejects.toThrow('No such customer')
  })

  test('a payment is started, confirmed and listed, and its charge read', async () => {
    const { customer } = providers.seed.stripe
    const { id, status } = await stripe.run('createPaymentIntent', {
      amount: '2500',
      currency: 'sar',
      customer: customer.id,
      metadata: { order: '6735' },
    })
    expect(status).toBe('requires_payment_method')
    expect(await read(`payment_intents/${id}`)).toMatchObject({ amount: 2500, metadata: { order: '6735' } })
    await stripe.run('confirmPaymentIntent', { paymentIntent: id, paymentMethod: 'pm_card_visa' })
    expect(await stripe.run('getPaymentIntent', { paymentIntent: id })).toMatchObject({ status: 'succeeded' })
    const { charges } = await stripe.run('listCharges', { paymentIntent: id })
    const [{ id: charge }] = charges as [{ id: string }]
    expect(await stripe.run('getCharge', { charge })).toMatchObject({ amount: 2500, paymentIntent: id })
    await expect(stripe.run('cancelPaymentIntent', { paymentIntent: id })).rejects.toThrow('succeeded')
  })

  test('the lines of a checkout session arrive as a list of objects', async () => {
    const { price, product, customer } = providers.seed.stripe
    const second = await stripe.run('createPrice', { product: product.id, unitAmount: 500, currency: 'sar' })
    const session = await stripe.run('createCheckoutSession', {
      price: price.id,
      quantity: 2,
      items: [{ price: second['id'], quantity: '3' }],
      customer: customer.id,
      successUrl: 'https://shop.example/thanks',
    })
    expect(session).toMatchObject({ status: 'open', paymentStatus: 'unpaid' })
    // 2 × 19.99 and 3 × 5.00, added up by whoever read the body
    const page = await (await fetch(`${providers.stripe}/checkout/${session['id']}`)).text()
    expect(page).toContain('54.98')
    await stripe.run('expireCheckoutSession', { session: session['id'] })
    expect(await stripe.run('getCheckoutSession', { session: session['id'] })).toMatchObject({
      status: 'expired',
    })
    await expect(
      stripe.run('createCheckoutSession', { price: 'price_gone', successUrl: 'https://shop.example/' }),
    ).rejects.toThrow('No such price')
  })

  test('products and prices are created and listed page by page', async () => {
    const { id: product } = await stripe.run('createProduct', { name: 'Coffee plan' })
    const price = { product, currency: 'sar', interval: 'month' }
    await stripe.run('createPrice', { ...price, unitAmount: 4900 })
    const { id: newest } = await stripe.run('createPrice', { ...price, unitAmount: 5900 })
    const first = await stripe.run('listPrices', { product, limit: 1 })
    expect(first).toMatchObject({
      prices: [{ unitAmount: 5900, type: 'recurring' }],
      hasMore: true,
      nextCursor: newest,
    })
    expect(await stripe.run('listPrices', { product, after: first['nextCursor'] })).toMatchObject({
      prices: [{ unitAmount: 4900 }],
      hasMore: false,
    })
  })
})

test('sources offer customers, products and the prices of a product', async () => {
  const { customer, product, price } = providers.seed.stripe
  expect(await stripe.options('rpc_customers')).toMatchObject({ [customer.email]: customer.id })
  expect(await stripe.options('rpc_products')).toMatchObject({ [product.name]: product.id })
  expect(await stripe.options('rpc_prices', { product: product.id })).toMatchObject({
    [price.unitAmount]: price.id,
  })
})
