// What the routes share. Your database goes here; in memory the orders of one process are kept.
import PayGate from './paygate-node.mjs';

export const PRICE = 150.0; // What it costs, the server decides.
const kept = (globalThis.paygateExample ??= { orders: new Map(), heard: new Set() });
export const { orders, heard } = kept;
export const paygate = new PayGate(process.env.PAYGATE_KEY);
