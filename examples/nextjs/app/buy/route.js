import { PayGateError } from '../../lib/paygate-node.mjs';
import { PRICE, orders, paygate } from '../../lib/shop.js';

export async function POST(request) {
  const order = `ORDER-${crypto.randomUUID()}`;
  orders.set(order, 'WAITING');
  try {
    const callbackUrl = new URL(`/orders/${order}`, request.url).href;
    const { transaction } = await paygate.createPayment(
      { amount: PRICE, orderId: order, description: 'Coffee beans', callbackUrl },
      { idempotencyKey: order },
    );
    return Response.redirect(transaction.paymentUrl, 303);
  } catch (error) {
    if (!(error instanceof PayGateError)) throw error;
    console.error(`payment of ${order} failed: ${error.message} (${error.requestId})`);
    return new Response(error.payerMessage?.en ?? 'The payment could not be started. Please try again.', { status: 502 });
  }
}
