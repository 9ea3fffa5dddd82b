// curl -O {{ host }}/sdk/paygate-node.js
const PayGate = require('./paygate-node.js');
const paygate = new PayGate('sk_test_xxxxxxxxxxxxxxxxxxxx');

async function buy() {
  const { transaction } = await paygate.createPayment({
    amount: 150.00,
    orderId: 'ORDER-12345',
    description: 'Coffee beans',
  });
  console.log(transaction.paymentUrl); // Send the customer there.
}

buy();
