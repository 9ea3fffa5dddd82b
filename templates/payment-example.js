"use strict";
// The whole way in the browser: make a payment with a public key, show its QR, hear what becomes of it.
const at = (id) => document.getElementById(id);
const said = at("said"), api = location.origin + "/api/v1/payment/";
let stream = null, timer = 0, round = 0;

at("form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const mine = ++round, form = new FormData(event.target), key = form.get("key");
  // The amount goes out as it was typed: 150.00 is a number of JSON as it stands.
  const body = "{\"amount\":" + form.get("amount") + "," + JSON.stringify({ orderId: form.get("orderId") || null, description: form.get("description") || null }).slice(1);
  at("request").textContent = "POST " + api + "create\nX-API-Key: " + key + "\n\n" + body;
  at("payment").hidden = at("answer").hidden = true;
  said.textContent = said.dataset.making;
  stop();
  let told;
  try {
    const answer = await fetch(api + "create", {
      method: "POST",
      headers: { "X-API-Key": key, "Content-Type": "application/json", "Idempotency-Key": unique() },
      body,
    });
    told = await answer.json();
  } catch (error) {
    told = { message: said.dataset.offline + " (" + error.message + ")" };
  }
  if (mine !== round) return;
  at("answer").textContent = JSON.stringify(told, (name, value) => (name === "qrCode" ? value.slice(0, 40) + "..." : value), 2);
  at("answer").hidden = false;
  if (told.transaction) show(told.transaction, mine);
  else said.textContent = (told.payerMessage || {})[document.documentElement.lang] || told.message;
});

function show(payment, mine) {
  at("sum").textContent = "฿" + payment.payableAmount.toLocaleString("en-US", { minimumFractionDigits: 2 });
  at("qr").src = payment.qrCode;
  at("qr").hidden = false;
  at("id").textContent = payment.id;
  at("pay").href = "/pay/" + payment.id;
  at("payment").hidden = false;
  tell(payment.status, mine);
  // Server-sent events say each change at once; where they fail the same is asked every three seconds.
  stream = new EventSource(api + payment.id + "/events?clientSecret=" + encodeURIComponent(payment.clientSecret));
  stream.addEventListener("status", (event) => tell(JSON.parse(event.data).transaction.status, mine));
  timer = setInterval(async () => {
    if (stream.readyState === 1) return;
    try {
      const answer = await fetch(api + payment.id, { headers: { "X-Client-Secret": payment.clientSecret } });
      if (answer.ok) tell((await answer.json()).transaction.status, mine);
    } catch (error) {
      said.textContent = said.dataset.offline;
    }
  }, 3000);
}

function tell(status, mine) {
  if (mine !== round) return;
  at("status").textContent = status;
  said.textContent = said.dataset[status.toLowerCase()] || status;
  if (status === "PENDING") return;
  at("qr").hidden = true;
  stop();
}

function stop() {
  if (stream) stream.close();
  clearInterval(timer);
}

function unique() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
