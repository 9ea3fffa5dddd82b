// A shop with Express: one thing to sell, paid by PromptPay. How to run it: ../README.md.
const crypto = require('node:crypto');
const express = require('express');
const PayGate = require('./paygate-node.js');

const PRICE = 150.0; // What it costs, the server decides.
const app = express();
const paygate = new PayGate(process.env.PAYGATE_KEY);
const orders = new Map(); // Your database: order -> status.
const heard = new Set(); // And the webhooks that were dealt with.

app.get('/', (req, res) => {
  res.send('<h1>Coffee beans, ฿150</h1><form method="post" action="/buy"><button>Pay with PromptPay</button></form>');
});

app.post('/buy', async (req, res) => {
  const order = `ORDER-${crypto.randomBytes(6).toString('hex')}`;
  orders.set(order, 'WAITING');
  try {
    const callbackUrl = `${req.protocol}://${req.get('host')}/orders/${order}`;
    const { transaction } = await paygate.createPayment(
      { amount: PRICE, orderId: order, description: 'Coffee beans', callbackUrl },
      { idempotencyKey: order },
    );
    res.redirect(303, transaction.paymentUrl);
  } catch (error) {
    if (!(error instanceof PayGate.PayGateError)) throw error;
    console.error(`payment of ${order} failed: ${error.message} (${error.requestId})`);
    res.status(502).send(error.payerMessage?.en ?? 'The payment could not be started. Please try again.');
  }
});

// The raw body: what is signed are the bytes.
app.post('/webhook', express.raw({ type: '*/*' }), (req, res) => {
  let event;
  try {
    event = PayGate.verifyWebhook(req.body, req.headers, process.env.WEBHOOK_SECRET);
  } catch (error) {
    if (!(error instanceof PayGate.SignatureError)) throw error;
    return res.status(401).send(error.message);
  }
  const { orderId, amount } = event.data;
  if (!heard.has(event.webhookId) && event.event === 'payment.success' && orders.has(orderId) && amount === PRICE) {
    orders.set(orderId, 'PAID'); // Ship it.
  }
  heard.add(event.webhookId);
  return res.json({ received: true });
});

app.get('/orders/:order', (req, res) => {
  const status = orders.get(req.params.order);
  return status ? res.json({ order: req.params.order, status }) : res.status(404).send('No such order.');
});

const server = app.listen(process.env.PORT ?? 3000, '127.0.0.1', () => {
  console.log(`The shop is open: http://127.0.0.1:${server.address().port}`);
});
