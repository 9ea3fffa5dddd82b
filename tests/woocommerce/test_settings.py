"""What the shop's owner sees and fills in; what customers are offered; the block checkout; the end."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from paygate.services import keys, own_merchant
from paygate.services.keys import Grant
from tests.javascript import node
from tests.woocommerce.conftest import SOURCES, PayGateHost, Shop, until
from tests.woocommerce.test_orders import deliver

OWNER = ["manage_woocommerce"]
SECRET = "whsec_" + "A" * 44


def check(shop: Shop) -> list[tuple[bool | None, str]]:
    """What the button says."""
    answer = shop.do("ajax", "check", OWNER)
    return [(line["good"], line["text"]) for line in answer["body"]["data"]]


def test_nothing_is_offered_until_all_is_filled_in(empty_shop: Shop, paygate: PayGateHost) -> None:
    shop = empty_shop
    page = shop.do("pages", shop.do("order", {}))
    assert "Still missing: the address of PayGate, the secret key, the webhook secret." in page["settings"]
    assert not shop.do("offered", {})
    shop.do("settings", {"enabled": "yes", "host": paygate.base, "secret_key": paygate.world.test_key})
    assert not shop.do("offered", {})
    shop.do("settings", {"webhook_secret": SECRET})
    assert shop.do("offered", {})
    shop.do("option", "woocommerce_currency", "USD")
    assert not shop.do("offered", {})
    page = shop.do("pages", shop.do("order", {}))
    assert "currency is USD: customers are not offered it" in page["settings"]
    baht = shop.do("order", {"currency": "THB"})
    assert shop.do("offered", {"order-pay": str(baht)}), "an order in baht is paid in baht"


def test_wrong_values_are_told_and_change_nothing(shop: Shop) -> None:
    before = shop.do("options")
    for fields, words in (
        ({"host": "http://pay.example.com"}, "must begin with https"),
        ({"host": "https://pay.example.com/docs"}, "without a path"),
        ({"secret_key": "pk_test_abcdefghijkl"}, "public key"),
        ({"secret_key": "sk_live_"}, "Copy it whole"),
        ({"webhook_secret": "whsec_short"}, "Copy it whole"),
        ({"expiry_minutes": "1441"}, "1 to 1440"),
    ):
        assert words in shop.do("settings", fields)[0]
    after = shop.do("options")
    assert after["paygate_promptpay_secrets"] == before["paygate_promptpay_secrets"]
    settings = after["woocommerce_paygate_promptpay_settings"]
    assert (settings["host"], settings["expiry_minutes"]) == (
        before["woocommerce_paygate_promptpay_settings"]["host"],
        "",
    )
    assert shop.do("settings", {"secret_key": "", "webhook_secret": ""}) == []
    assert shop.do("options")["paygate_promptpay_secrets"] == before["paygate_promptpay_secrets"]


def test_no_secret_is_in_any_page_log_or_setting(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {})
    shop.do("pay", order)
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    shop.do("pay", shop.do("order", {}))
    check(shop)
    secrets = list(shop.do("options")["paygate_promptpay_secrets"].values())
    assert len(secrets) == 2
    seen = {
        "pages": json.dumps(shop.do("pages", order)),
        "blocks": json.dumps(shop.do("blocks")),
        "order": json.dumps(shop.see(order)),
        "told": json.dumps(shop.do("told")),
        "settings": json.dumps(shop.do("options")["woocommerce_paygate_promptpay_settings"]),
    }
    assert not [(name, secret) for name, text in seen.items() for secret in secrets if secret in text]
    assert shop.told("log") and all(about[2] == {"source": "paygate"} for about in shop.told("log"))
    hidden = shop.do("static", "Keys", "hidden", [f"{secrets[0]} and {secrets[1]} pi_1_secret_abcdef"])
    assert not [secret for secret in secrets if secret in hidden] and "abcdef" not in hidden


def test_the_page_shows_the_webhooks_address_and_that_the_key_is_a_test_key(shop: Shop) -> None:
    page = shop.do("pages", shop.do("order", {}))
    assert f'value="{shop.hook}"' in page["settings"]
    assert "TEST MODE" in page["settings"] and "TEST MODE" in page["notices"] and "TEST MODE" in page["checkout"]
    assert 'value="" placeholder="••••' in page["settings"]
    assert "section=paygate_promptpay" in page["links"][0]
    setup = page["scripts"]["paygate-promptpay-admin"]
    assert "paygate_promptpay_check" in setup["before"] and setup["address"].endswith(
        "/paygate-promptpay/assets/admin.js"
    )
    assert 'name="paygate_payee_promptpay"' in page["order"]


def test_what_is_printed_is_escaped(shop: Shop, paygate: PayGateHost) -> None:
    order = shop.do("order", {})
    evil = '"><img src=x onerror=alert(1)>'
    shop.do("payee", order, "0899999999", 'x" onfocus="alert(1)')
    shop.do("settings", {"title": evil})
    page = shop.do("pages", order)
    assert "<img src=x" not in page["order"] + page["settings"] + page["checkout"] + page["notices"]
    assert 'onfocus="alert' not in page["order"]


def test_the_check_says_plainly_what_is_wrong(shop: Shop, paygate: PayGateHost) -> None:
    until(lambda: (True, "The last webhook was heard 1 mins ago.") in check(shop), "the test delivery did not come")
    said = check(shop)
    assert all(good is not False for good, _ in said), said
    assert said[-1][0] is None and said[-1][1].startswith("Not checked: whether your bank")
    assert said[0] == (True, "PayGate answers, and takes the key. It is a TEST key: no money moves.")

    shop.do("option", "woocommerce_currency", "USD")
    assert (False, "The shop's currency is not Thai baht (THB).") in check(shop)
    [endpoint] = [e for e in paygate.api.get("/webhooks/endpoints").json()["endpoints"] if e["url"] == shop.hook]
    paygate.api.patch(f"/webhooks/endpoints/{endpoint['id']}", json={"events": ["payment.success"]})
    assert any("does not hear of: payment.failed" in text for _, text in check(shop))
    paygate.api.patch(
        f"/webhooks/endpoints/{endpoint['id']}", json={"status": "disabled", "disabledReason": "for a while"}
    )
    assert any("disabled at PayGate: for a while" in text for _, text in check(shop))
    told = shop.do("ajax", "webhook", OWNER)["body"]["data"]
    assert told[0]["good"] and not any("disabled" in text for _, text in check(shop)), "the button repairs it"

    shop.do("settings", {"secret_key": "sk_test_" + "A" * 33})
    assert "does not know this secret key" in check(shop)[0][1]
    shop.do("settings", {"host": "http://127.0.0.1:9"})
    assert "http://127.0.0.1:9 cannot be reached from this shop" in check(shop)[0][1]
    shop.do("settings", {"host": shop.base})
    assert "answers, but it is not PayGate" in check(shop)[0][1]


def test_a_shop_whose_settings_are_gone_says_so_instead_of_breaking(shop: Shop) -> None:
    order = shop.do("order", {"transaction_id": "x", "date_paid": 1})
    shop.do("change", order, {"meta": {"_paygate_payments": {"x": {"satang": 1, "until": 1}}}})
    shop.do("option", "paygate_promptpay_secrets", {})
    assert shop.do("refund", order, "1", "") == {"error": "PromptPay is not set up in this shop."}
    answer = shop.do("pay", shop.do("order", {}))
    assert answer["notices"] == [["error", "PromptPay is not set up in this shop."]]


def test_the_check_finds_a_key_that_may_too_little_and_a_shop_nobody_is_sent_back_to(
    shop: Shop, paygate: PayGateHost
) -> None:
    def key_of(*scopes: str) -> str:
        grant, merchant = Grant(scopes=scopes), paygate.world.merchant_id
        made = paygate.operator(
            lambda ctx: keys.create(ctx, merchant_id=merchant, kind="secret", mode="test", grant=grant)
        )
        return str(made.text)

    def allow(*domains: str) -> None:
        change = own_merchant.Change(callback_domains=domains)
        paygate.operator(lambda ctx: own_merchant.update(ctx, paygate.world.merchant_id, change, "cli"))

    before = len(paygate.api.get("/transactions").json()["transactions"])
    refused = {"payments:write": "may not make payments", "refunds:write": "may not ask for refunds"}
    for missing, words in refused.items():
        scopes = {"payments:read", "payments:write", "refunds:write", "webhooks:read"} - {missing}
        assert shop.do("settings", {"secret_key": key_of(*scopes)}) == []
        wrong = [text for good, text in check(shop) if good is False]
        assert [text for text in wrong if "may not" in text] == [one for one in wrong if words in one] != []
    shop.do("settings", {"secret_key": paygate.world.test_key})
    allow("other.example")
    try:
        assert any("add 127.0.0.1 to your callback domains" in text for good, text in check(shop) if good is False)
    finally:
        allow()
    assert not [text for good, text in check(shop) if good is False and "domains" in text]
    assert len(paygate.api.get("/transactions").json()["transactions"]) == before, "a check made a payment"


class Halfway(BaseHTTPRequestHandler):
    """A PayGate that rotates a secret and breaks after it."""

    secret, rotated = SECRET, False

    def answer(self, status: int, body: Any) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def do_GET(self) -> None:
        url = self.server.hook  # type: ignore[attr-defined]
        self.answer(200, {"endpoints": [{"id": "we_1", "url": url}], "hasMore": False, "nextCursor": None})

    def do_PATCH(self) -> None:
        self.answer(500 if self.rotated else 200, {"endpoint": {"id": "we_1"}})

    def do_POST(self) -> None:
        if "rotate" not in self.path:
            self.answer(500, {})
            return
        type(self).rotated = True
        self.answer(200, {"endpoint": {"id": "we_1", "secret": self.secret}})

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


@pytest.mark.parametrize(("given", "kept"), [("whsec_" + "B" * 44, True), ("whsec_?", False)])
def test_a_new_webhook_secret_is_kept_whatever_fails_after_it(shop: Shop, given: str, kept: bool) -> None:
    before = shop.do("options")["paygate_promptpay_secrets"]["webhook_secret"]
    handler = type("Given", (Halfway,), {"secret": given})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        server.hook = shop.hook  # type: ignore[attr-defined]
        Thread(target=server.serve_forever, daemon=True).start()
        shop.do("settings", {"host": f"http://127.0.0.1:{server.server_port}"})
        told = shop.do("ajax", "webhook", OWNER)["body"]["data"]
        server.shutdown()
    assert [line["good"] for line in told] == [False]
    assert ("no webhook secret that could be used" in told[0]["text"]) is not kept
    assert shop.do("options")["paygate_promptpay_secrets"]["webhook_secret"] == (given if kept else before)


def test_settings_that_come_by_woocommerces_api_are_checked_and_hold_no_secret(
    shop: Shop, paygate: PayGateHost
) -> None:
    wrong = {"host": "http://pay.example.com", "secret_key": "pk_live_abcdefghij", "expiry_minutes": "0"}
    values = shop.do("rest_settings", wrong)
    assert (values["host"], values["secret_key"], values["expiry_minutes"]) == (paygate.base, "", "")
    key = "sk_test_" + "C" * 33
    values = shop.do("rest_settings", {"secret_key": key, "host": "https://pay.example.com/", "title": "QR"})
    assert (values["host"], values["title"]) == ("https://pay.example.com", "QR") and key not in json.dumps(values)
    assert shop.do("options")["paygate_promptpay_secrets"]["secret_key"] == key
    options = shop.do("options")
    assert options["woocommerce_paygate_promptpay_settings"] == values and key not in json.dumps(shop.told("log"))


def test_the_webhook_of_the_other_mode_is_ignored_and_no_wrong_secret(shop: Shop, paygate: PayGateHost) -> None:
    test_secret = shop.do("options")["paygate_promptpay_secrets"]["webhook_secret"]
    shop.do("settings", {"secret_key": paygate.world.secret_key})
    shop.do("settings", {"webhook_secret": SECRET})
    answer = deliver(shop, {"event": "webhook.test", "data": {}}, test_secret)
    assert (answer.status_code, answer.json()["outcome"]) == (200, "IGNORED")
    assert "paygate_promptpay_refused" not in shop.do("options")
    assert deliver(shop, {"event": "webhook.test", "data": {}}, "whsec_" + "D" * 44).status_code == 401
    shop.do("settings", {"webhook_secret": "whsec_" + "E" * 44})  # A new one of the same mode: the old one is over.
    assert deliver(shop, {"event": "webhook.test", "data": {}}, SECRET).status_code == 401


def test_what_breaks_inside_is_told_to_the_log_and_not_to_the_customer(shop: Shop) -> None:
    order = shop.do("order", {"transaction_id": "x", "date_paid": 1, "status": "processing"})
    shop.do("change", order, {"meta": {"_paygate_payments": {"x": {"satang": 1, "until": 1}}}})
    secrets = shop.do("options")["paygate_promptpay_secrets"]
    shop.do("option", "paygate_promptpay_secrets", secrets | {"secret_key": "sk_test_a b"})
    answer = shop.do("pay", shop.do("order", {}))
    assert answer["notices"][0][1].startswith("PromptPay is not available just now")
    assert shop.do("refund", order, "1", "")["error"].startswith("Something went wrong here")
    assert str(shop.told("log")).count("the key is a text like") == 2


def test_paygate_is_asked_through_the_proxy_of_wordpress(shop: Shop) -> None:
    asked: list[tuple[str, str]] = []

    class Proxy(Stranger):
        def do_GET(self) -> None:
            asked.append((self.path, str(self.headers.get("Proxy-Authorization"))))
            if "Proxy-Authorization" not in self.headers:
                self.send_response(407)
                self.send_header("Proxy-Authenticate", 'Basic realm="x"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            super().do_GET()

    with ThreadingHTTPServer(("127.0.0.1", 0), Proxy) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        shop.do("option", "proxy_port", str(server.server_port))
        shop.do("settings", {"host": "http://paygate"})
        assert "answers, but it is not PayGate" in check(shop)[0][1]
        server.shutdown()
    assert asked[-1][0].startswith("http://paygate/api/v1/transactions") and asked[-1][1].startswith("Basic ")


def test_wordpress_certificates_are_taken_where_the_computer_has_none(shop: Shop, tmp_path: Path) -> None:
    system, own = tmp_path / "system.crt", tmp_path / "ca-bundle.crt"
    own.write_text("x")
    assert shop.do("static", "Settings", "certificates", [["", str(system)], str(own)]) == str(own)
    system.write_text("x")
    assert shop.do("static", "Settings", "certificates", [["", str(system)], str(own)]) == ""
    assert shop.do("static", "Settings", "certificates", [[], str(tmp_path / "none")]) == ""


def test_a_second_copy_and_the_bare_sources_say_so_and_break_nothing(shop: Shop, plugins: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "paygate-promptpay"
    shutil.copytree(plugins / "paygate-promptpay", copy)
    assert "is active twice" in shop.do("again", str(copy / "paygate-promptpay.php"))
    (copy / "includes" / "Sdk.php").unlink()
    (tmp_path / "bare").mkdir()
    bare = Shop(copy.parent, tmp_path / "bare")
    try:
        assert "is not complete" in bare.do("notices")
    finally:
        bare.close()


class Stranger(BaseHTTPRequestHandler):
    """Answers everything with JSON of its own."""

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"transaction": {"hello": "world"}}')

    do_POST = do_GET

    def log_message(self, format: str, *args: Any) -> None:
        """Says nothing."""


def test_an_address_that_is_not_paygates_is_found_out_and_breaks_no_checkout(shop: Shop) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Stranger) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        shop.do("settings", {"host": f"http://127.0.0.1:{server.server_port}"})
        assert "answers, but it is not PayGate" in check(shop)[0][1]
        answer = shop.do("pay", shop.do("order", {}))
        assert (answer["result"], answer["notices"][0][0]) == ("failure", "error")
        server.shutdown()


def test_a_wrong_webhook_secret_is_told(shop: Shop) -> None:
    assert deliver(shop, {"event": "webhook.test", "data": {}}).status_code == 200
    shop.do("option", "paygate_promptpay_heard", 1)
    assert deliver(shop, {"event": "webhook.test", "data": {}}, "whsec_" + "B" * 44).status_code == 401
    assert any("its signature did not fit" in text for good, text in check(shop) if not good)


def test_the_buttons_are_for_the_shops_people_alone(shop: Shop) -> None:
    before = shop.do("options")["paygate_promptpay_secrets"]
    for action in ("check", "webhook"):
        assert shop.do("ajax", action, ["read"])["status"] == 403
        assert shop.do("ajax", action, OWNER, "0000000000")["status"] == 403
    assert shop.do("options")["paygate_promptpay_secrets"] == before


def test_the_block_checkout_registers_the_same_way_to_pay(shop: Shop) -> None:
    block = shop.do("blocks")
    assert block["name"] == "paygate_promptpay" and block["active"] is True
    assert block["data"]["title"] == "PromptPay QR" and block["data"]["testNotice"].startswith("TEST MODE")
    assert block["data"]["supports"] == ["products", "refunds"]
    assert shop.do("pages", shop.do("order", {}))["test"] is True
    shop.do("settings", {"title": "<b>PromptPay</b> &amp; QR"})
    assert shop.do("blocks")["data"]["title"] == "PromptPay &amp; QR", "it is shown as a text"
    assert block["scripts"]["paygate-promptpay-blocks"]["needs"][0] == "wc-blocks-registry"
    made = registered(block["data"])
    assert (made["name"], made["ariaLabel"], made["can"]) == ("paygate_promptpay", "PromptPay QR", True)
    assert made["features"] == ["products", "refunds"]
    assert "Scan the QR" in made["content"] and "TEST MODE" in made["content"] and "promptpay.svg" in made["label"]


def registered(data: dict[str, Any]) -> Any:
    """What assets/blocks.js registers, rendered to JSON, with doubles of what WooCommerce and WordPress load."""
    script = """
    const data = JSON.parse(process.argv[1]);
    let made = null;
    const createElement = (kind, props, ...children) =>
      typeof kind === 'function' ? kind(props || {}) : { kind, props, children };
    global.window = {
      wc: { wcSettings: { getSetting: (name, usual) => name === 'paygate_promptpay_data' ? data : usual },
            wcBlocksRegistry: { registerPaymentMethod: (given) => { made = given; } } },
      wp: { element: { createElement }, htmlEntities: { decodeEntities: (text) => text } },
    };
    require(process.argv[2]);
    console.log(JSON.stringify({ name: made.name, ariaLabel: made.ariaLabel, can: made.canMakePayment(),
      features: made.supports.features, content: JSON.stringify(made.content), label: JSON.stringify(made.label) }));
    """
    path = SOURCES / "plugin" / "assets" / "blocks.js"
    done = subprocess.run([node(), "-e", script, json.dumps(data), str(path)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    return json.loads(done.stdout)


def test_the_buttons_show_what_the_shop_says_as_text(shop: Shop) -> None:
    script = """
    const listeners = {}, list = { children: [], replaceChildren: (...all) => { list.children = all; } };
    const buttons = ['check', 'webhook'].map((name) => ({ dataset: { paygate: name }, disabled: false,
      addEventListener: (kind, heard) => { listeners[name] = heard; } }));
    global.window = { paygatePromptPay: JSON.parse(process.argv[1]) };
    global.document = { querySelector: () => list, querySelectorAll: () => buttons, createElement: () => ({}) };
    const asked = [];
    global.fetch = async (address, { method, body }) => {
      asked.push([address, method, String(body)]);
      if (asked.length > 1) { throw new Error('offline'); }
      const data = [{ good: true, text: '<b>fine</b>' }, { good: false, text: 'bad' },
        { good: null, text: 'unknown' }];
      return { json: async () => ({ success: true, data }) };
    };
    require(process.argv[2]);
    (async () => {
      await listeners.check();
      const first = list.children.map((one) => one.textContent);
      await listeners.webhook();
      console.log(JSON.stringify({ asked, first, second: list.children.map((one) => one.textContent),
        disabled: buttons.map((one) => one.disabled) }));
    })();
    """
    page = shop.do("pages", shop.do("order", {}))
    setup = page["scripts"]["paygate-promptpay-admin"]["before"]
    setup = setup.removeprefix("window.paygatePromptPay = ").removesuffix(";")
    path = SOURCES / "plugin" / "assets" / "admin.js"
    done = subprocess.run([node(), "-e", script, setup, str(path)], capture_output=True, timeout=60)
    assert done.returncode == 0, done.stderr.decode()
    said = json.loads(done.stdout)
    assert said["first"] == ["✓ <b>fine</b>", "✗ bad", "– unknown"] and said["disabled"] == [False, False]
    assert said["second"] == ["✗ The shop did not answer. Reload this page and try again."]
    assert [body.split("&")[0] for _, _, body in said["asked"]] == [
        "action=paygate_promptpay_check",
        "action=paygate_promptpay_webhook",
    ]
    assert said["asked"][0][0] == f"{shop.base}/wp-admin/admin-ajax.php"


def test_it_is_declared_for_orders_in_tables_of_their_own_and_for_blocks(shop: Shop) -> None:
    assert shop.do("declared") == {"custom_order_tables": True, "cart_checkout_blocks": True}


def test_another_plugins_paygate_is_not_met(shop: Shop) -> None:
    assert shop.do("classes") == {"global": False, "own": True}


def test_all_of_the_page_is_in_thai_for_who_reads_thai(shop: Shop) -> None:
    shop.do("option", "locale", "th")
    page = shop.do("pages", shop.do("order", {}))
    assert page["title"] == "พร้อมเพย์ QR" and page["method"][0] == "พร้อมเพย์ (PayGate)"
    for words in ("ตรวจการเชื่อมต่อ", "ตั้งค่าเว็บฮุคให้ฉัน", "โหมดทดสอบ"):
        assert words in page["settings"]
    assert check(shop)[0][1].startswith("PayGate ตอบและรับคีย์นี้")


def test_deleting_the_plugin_removes_settings_and_secrets_and_leaves_orders(shop: Shop) -> None:
    order = shop.do("order", {})
    shop.do("pay", order)
    shop.do("option", "paygate_lock_101", "1.left")
    shop.do("option", "blogname", "Shop")
    until(lambda: "paygate_promptpay_heard" in shop.do("options"), "the test delivery did not come")
    shop.do("uninstall")
    assert shop.do("options") == {"blogname": "Shop"}
    assert shop.see(order)["meta"]["_paygate_payments"]


def test_without_woocommerce_it_says_so_and_does_nothing(plugins: Path, tmp_path: Path) -> None:
    shop = Shop(plugins, tmp_path, WITHOUT_WOOCOMMERCE="1")
    try:
        assert "needs WooCommerce" in shop.do("notices")
    finally:
        shop.close()


@pytest.mark.parametrize("age_s", [90, 121, -3600])
def test_a_lock_of_somebody_who_died_is_taken_over_when_it_is_stale(shop: Shop, age_s: int) -> None:
    order = shop.do("order", {})
    shop.do("option", f"paygate_lock_{order}", f"{int(time.time()) - age_s}:dead")
    answer = shop.do("pay", order)
    assert answer["result"] == ("failure" if age_s == 90 else "success"), answer


@pytest.mark.parametrize("tail", [".1e5", ":1e5", ".1e2ab", ":9e9", "", "e9"])
def test_a_lock_is_as_old_as_its_time_whatever_chance_wrote_behind_it(shop: Shop, tail: str) -> None:
    def stale(age_s: int) -> bool:
        return bool(shop.do("static", "Lock", "isStale", [f"{1764421000 - age_s}{tail}", 1764421000]))

    assert [stale(age_s) for age_s in (0, 119, 120, 500, -119, -120)] == [False, False, True, True, False, True]


def test_the_webhooks_address_is_the_same_in_each_language_and_form(shop: Shop) -> None:
    shop.do("option", "language_path", "/en")
    assert f'value="{shop.hook}"' in shop.do("pages", shop.do("order", {}))["settings"]
    assert any("PayGate has the webhook of this shop" in text for _, text in check(shop))
    shop.do("option", "permalink_structure", "")
    assert f'value="{shop.base}/?wc-api=paygate_promptpay"' in shop.do("pages", shop.do("order", {}))["settings"]
    assert any("PayGate has the webhook of this shop" in text for _, text in check(shop))
