"""A shop with Flask: one thing to sell, paid by PromptPay. How to run it: ../README.md."""

import os
import secrets

from flask import Flask, jsonify, redirect, request
from PayGate import PayGate, PayGateError, SignatureError

PRICE = 150.00  # What it costs, the server decides.
app = Flask(__name__)
paygate = PayGate(os.environ["PAYGATE_KEY"])
orders: dict[str, str] = {}  # Your database: order -> status.
heard: set[str] = set()  # And the webhooks that were dealt with.


@app.get("/")
def shop():
    return '<h1>Coffee beans, ฿150</h1><form method="post" action="/buy"><button>Pay with PromptPay</button></form>'


@app.post("/buy")
def buy():
    order = f"ORDER-{secrets.token_hex(6)}"
    orders[order] = "WAITING"
    try:
        payment = paygate.create_payment(
            amount=PRICE,
            order_id=order,
            description="Coffee beans",
            callbackUrl=f"{request.host_url}orders/{order}",
            idempotency_key=order,
        )
    except PayGateError as error:
        app.logger.error("payment of %s failed: %s (%s)", order, error, error.request_id)
        words = error.payer_message or {"en": "The payment could not be started. Please try again."}
        return words["en"], 502
    return redirect(payment["transaction"]["paymentUrl"], 303)


@app.post("/webhook")
def webhook():
    try:
        event = PayGate.verify_webhook(request.get_data(), request.headers, os.environ["WEBHOOK_SECRET"])
    except SignatureError as error:
        return str(error), 401
    order = event["data"].get("orderId")
    new = event["webhookId"] not in heard
    if new and event["event"] == "payment.success" and order in orders and event["data"]["amount"] == PRICE:
        orders[order] = "PAID"  # Ship it.
    heard.add(event["webhookId"])
    return jsonify(received=True)


@app.get("/orders/<order>")
def status(order):
    return (jsonify(order=order, status=orders[order]), 200) if order in orders else ("No such order.", 404)
