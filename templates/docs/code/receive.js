const http = require('node:http');
const PayGate = require('./paygate-node.js');

http.createServer(async (request, response) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  try {
    // The body as it came, and all headers: it throws unless PayGate sent this, just now.
    const event = PayGate.verifyWebhook(Buffer.concat(parts), request.headers, process.env.WEBHOOK_SECRET);
    if (event.event === 'payment.success') console.log('ship', event.data.orderId, event.webhookId);
    response.end('ok');
  } catch (error) {
    if (!(error instanceof PayGate.SignatureError)) throw error;
    response.writeHead(401).end(error.message);
  }
}).listen(process.env.PORT ?? 3000);
