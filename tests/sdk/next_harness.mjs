// Next.js route handlers are functions of a Request: this serves those of examples/nextjs without the framework.
import http from 'node:http';
import { POST as buy } from './app/buy/route.js';
import { POST as webhook } from './app/webhook/route.js';
import { GET as order } from './app/orders/[id]/route.js';

async function answer(request) {
  const { pathname } = new URL(request.url);
  if (request.method === 'POST' && pathname === '/buy') return buy(request);
  if (request.method === 'POST' && pathname === '/webhook') return webhook(request);
  const [, id] = /^\/orders\/([^/]+)$/.exec(pathname) ?? [];
  return id ? order(request, { params: Promise.resolve({ id }) }) : new Response('', { status: 404 });
}

http.createServer(async (req, res) => {
  const parts = [];
  for await (const part of req) parts.push(part);
  const body = req.method === 'POST' ? Buffer.concat(parts) : undefined;
  const told = await answer(new Request(`http://${req.headers.host}${req.url}`, { method: req.method, headers: req.headers, body }));
  res.writeHead(told.status, Object.fromEntries(told.headers)).end(Buffer.from(await told.arrayBuffer()));
}).listen(process.env.PORT, '127.0.0.1');
