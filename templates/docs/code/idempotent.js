const PayGate = require('./paygate-node.js');
const paygate = new PayGate('sk_test_xxxxxxxxxxxxxxxxxxxx');

const order = { amount: 150.00, orderId: 'ORDER-12346' };
Promise.all([1, 2].map(() => paygate.createPayment(order, { idempotencyKey: 'ORDER-12346' })))
  .then(([one, two]) => console.log(one.transaction.id === two.transaction.id)); // true
