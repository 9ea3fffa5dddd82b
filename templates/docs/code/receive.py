import os
from http.server import BaseHTTPRequestHandler, HTTPServer

from PayGate import PayGate, SignatureError


class Webhook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        try:
            # The body as it came, and all headers: it raises unless PayGate sent this, just now.
            event = PayGate.verify_webhook(body, self.headers, os.environ["WEBHOOK_SECRET"])
        except SignatureError as error:
            self.send_error(401, str(error))
            return
        if event["event"] == "payment.success":
            print("ship", event["data"]["orderId"], event["webhookId"], flush=True)
        self.send_response(200)
        self.end_headers()


HTTPServer(("127.0.0.1", int(os.environ.get("PORT", "3000"))), Webhook).serve_forever()
