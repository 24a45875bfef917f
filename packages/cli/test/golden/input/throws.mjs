throw new TypeError('SHOP_HOST is not set')
