import PayGate, { SignatureError } from '../../lib/paygate-node.mjs';
import { PRICE, heard, orders } from '../../lib/shop.js';

export async function POST(request) {
  let event;
  try {
    event = PayGate.verifyWebhook(await request.text(), request.headers, process.env.WEBHOOK_SECRET);
  } catch (error) {
    if (!(error instanceof SignatureError)) throw error;
    return new Response(error.message, { status: 401 });
  }
  const { orderId, amount } = event.data;
  if (!heard.has(event.webhookId) && event.event === 'payment.success' && orders.has(orderId) && amount === PRICE) {
    orders.set(orderId, 'PAID'); // Ship it.
  }
  heard.add(event.webhookId);
  return Response.json({ received: true });
}
