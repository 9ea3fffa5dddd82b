import { orders } from '../../../lib/shop.js';

export async function GET(request, { params }) {
  const { id } = await params;
  const status = orders.get(id);
  return status ? Response.json({ order: id, status }) : new Response('No such order.', { status: 404 });
}
