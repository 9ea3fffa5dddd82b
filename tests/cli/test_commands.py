"""The operator's commands, as scripts use them: exact JSON, clear errors, exit status."""

from __future__ import annotations

import re

from click.testing import CliRunner

from paygate.cli.main import COMMANDS, cli
from tests.cli.conftest import Answer, Paygate

ACCOUNT = (
    "account",
    "add",
    "--owner",
    "central",
    "--promptpay",
    "0812345678",
    "--bank",
    "014",
    "--number",
    "4061234567",
)
SHOP = ("merchant", "create", "--email", "m@b.co", "--name", "Shop", "--plan")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def is_refused(answer: Answer, *, status: int = 1) -> bool:
    assert "Traceback" not in answer.err and answer.out == ""
    assert answer.status == status, answer.err
    return status == 2 or (answer.err.startswith("Error: ") and answer.err.count("\n") == 1)


def test_what_a_payment_needs_is_made_in_four_commands(paygate: Paygate) -> None:
    account = paygate(*ACCOUNT, "--name", "ร้าน", "--amount-tagging", "off", "--json").json
    assert list(account) == ["accountId"] and account["accountId"].startswith("acc_")
    shop = paygate(*SHOP, "free", "--approve", "--json").json
    assert list(shop) == ["merchantId", "liveSecretKey", "livePublicKey", "testSecretKey", "testPublicKey"]
    assert shop["merchantId"].startswith("mer_") and shop["liveSecretKey"].startswith("sk_live_")
    source = paygate("source", "add", "--account", account["accountId"], "--kind", "generic", "--json").json
    assert list(source) == ["sourceId", "secret", "url"]
    assert source["url"] == f"http://127.0.0.1:8000/api/bank/{source['sourceId']}"
    assert source["sourceId"].startswith("src_") and source["secret"].startswith("whsec_")
    hook = paygate(
        "webhook", "add", "--merchant", shop["merchantId"], "--url", "http://127.0.0.1:9/hook", "--json"
    ).json
    assert list(hook) == ["endpointId", "secret"]
    assert hook["endpointId"].startswith("we_") and hook["secret"].startswith("whsec_")
    books = paygate("ledger", "check", "--json").json
    assert books["balanced"] is True
    [listed] = [a for a in paygate("account", "list", "--json").json["accounts"] if a["mode"] == "live"]
    assert (listed["owner"], listed["name"], listed["amountTagging"]) == ("central", "ร้าน", "off")
    assert TIME.fullmatch(listed["createdAt"])
    [listed] = paygate("source", "list", "--json").json["sources"]
    assert (listed["sourceId"], listed["kind"], listed["disabled"]) == (source["sourceId"], "generic", False)
    [listed] = paygate("webhook", "list", "--merchant", shop["merchantId"], "--json").json["endpoints"]
    assert (listed["endpointId"], listed["mode"], listed["events"]) == (hook["endpointId"], "live", ["*"])


def test_a_merchant_is_approved_suspended_and_listed(paygate: Paygate) -> None:
    shop = paygate(*SHOP, "pro", "--promptpay", "0899999999", "--json").json
    assert paygate("merchant", "list", "--json").json["merchants"][0]["status"] == "PENDING"
    for act, status in (("approve", "APPROVED"), ("suspend", "SUSPENDED"), ("show", "SUSPENDED")):
        why = {"approve": ("--unchecked", "My own shop"), "suspend": ("--reason", "Sells what it may not")}.get(act, ())
        answer = paygate("merchant", act, shop["merchantId"], *why, "--json").json
        assert (answer["merchantId"], answer["status"]) == (shop["merchantId"], status)
    assert paygate("account", "list", "--owner", shop["merchantId"], "--json").json["accounts"][0]["bank"] is None


def test_a_direct_merchant_whose_bank_account_nobody_told_of_is_warned_of_until_it_is_known(inside: Paygate) -> None:
    made = inside(*SHOP, "pro", "--promptpay", "0899999999", "--json")
    assert "WARNING: No bank account is known" in made.err and "WARNING" not in made.out
    shop = made.json["merchantId"]
    shown = inside("merchant", "show", shop)
    assert f"paygate plan account {shop} --promptpay" in shown.out
    assert inside("merchant", "show", shop, "--json").json["lacks"] == "bank_account"
    told = ("--promptpay", "0899999999", "--bank", "004", "--number", "1234567890")
    assert inside("plan", "account", shop, *told).status == 0
    assert "WARNING" not in inside("merchant", "show", shop).out
    assert inside("merchant", "show", shop, "--json").json["lacks"] is None
    nowhere = inside("merchant", "create", "--email", "n@b.co", "--name", "N", "--plan", "pro", "--json")
    assert "takes no live payments" in nowhere.err
    assert inside("merchant", "show", nowhere.json["merchantId"], "--json").json["lacks"] == "account"
    whole = ("--promptpay", "0877777777", "--bank", "014", "--number", "4061234568")
    known = inside("merchant", "create", "--email", "k@b.co", "--name", "K", "--plan", "pro", *whole, "--json")
    assert "WARNING" not in known.err
    free = inside("merchant", "create", "--email", "f@b.co", "--name", "F", "--plan", "free", "--json")
    assert "WARNING" not in free.err
    listed = {one["merchantId"]: one["lacks"] for one in inside("merchant", "list", "--json").json["merchants"]}
    assert list(listed.values()) == [None, "account", None, None]


def test_keys_are_made_listed_and_revoked(paygate: Paygate) -> None:
    shop = paygate(*SHOP, "free", "--json").json["merchantId"]
    made = paygate("key", "create", "--merchant", shop, "--kind", "public", "--test", "--json").json
    assert list(made) == ["keyId", "key"] and made["key"].startswith("pk_test_")
    assert paygate("key", "revoke", made["keyId"], "--json").json == {"keyId": made["keyId"], "revoked": True}
    listed = {k["keyId"]: k for k in paygate("key", "list", "--merchant", shop, "--json").json["keys"]}
    assert len(listed) == 5 and TIME.fullmatch(listed[made["keyId"]]["revokedAt"])


def test_keys_are_made_for_one_thing_and_rotated(inside: Paygate) -> None:
    shop = inside(*SHOP, "free", "--json").json["merchantId"]
    limits = ("--scope", "webhooks:read", "--scope", "payments:read", "--allow-network", "203.0.113.0/24")
    old = inside("key", "create", "--merchant", shop, *limits, "--expires", "90d", "--json").json["keyId"]
    done = inside("key", "rotate", old, "--overlap", "30m", "--json").json
    assert list(done) == ["keyId", "key", "expiresAt", "oldKeyId", "oldKeyExpiresAt"]
    assert done["key"].startswith("sk_live_") and done["oldKeyId"] == old
    listed = {k["keyId"]: k for k in inside("key", "list", "--merchant", shop, "--json").json["keys"]}
    new = listed[done["keyId"]]
    assert (new["scopes"], new["allowNetworks"]) == (["payments:read", "webhooks:read"], ["203.0.113.0/24"])
    assert listed[old]["replacedBy"] == done["keyId"] and listed[old]["expiresAt"] < new["expiresAt"]
    told = inside("key", "list", "--merchant", shop).out
    assert "payments:read webhooks:read  never" in told and done["key"] not in told and done["key"][-4:] in told
    assert inside("key", "rotate", done["keyId"], "--overlap", "0").status == 0
    wrong = [("--scope", "payment:read"), ("--allow-network", "203.0.113.7/24"), ("--kind", "public", *limits[:2])]
    for options in wrong:
        assert is_refused(inside("key", "create", "--merchant", shop, *options)), options
    assert is_refused(inside("key", "rotate", old))
    assert is_refused(inside("key", "rotate", done["keyId"], "--overlap", "soon"), status=2)


def test_an_admin_is_made_with_a_password_from_standard_input(paygate: Paygate) -> None:
    made = paygate("admin", "create", "a@b.co", "--password-stdin", "--json", stdin="correct horse\n").json
    assert list(made) == ["adminId"] and made["adminId"].startswith("usr_")
    assert is_refused(paygate("admin", "create", "c@d.co", "--password-stdin", stdin="short\n"))
    assert is_refused(paygate("admin", "create", "a@b.co", "--password-stdin", stdin="correct horse\n"))
    assert is_refused(paygate("admin", "create", "c@d.co"), status=2)


def test_expected_errors_are_one_clear_line(inside: Paygate) -> None:
    unknown = "mer_0000000000009"
    for wrong in [
        (*ACCOUNT[:4], "--name", "x"),
        ("account", "add", "--owner", "somebody", "--promptpay", "0812345678", "--name", "x"),
        ("account", "add", "--owner", unknown, "--promptpay", "0812345678", "--name", "x"),
        ("source", "add", "--account", "acc_nothing", "--kind", "generic"),
        ("merchant", "approve", unknown),
        ("webhook", "add", "--merchant", unknown, "--url", "https://shop.example/"),
        ("key", "revoke", "key_nothing"),
        (*SHOP, "pro", "--promptpay", "0212345678"),
        ("qr", "0212345678"),
    ]:
        assert is_refused(inside(*wrong)), wrong
    for misused in [("account", "add"), (*SHOP, "gold"), ("nothing",), ("qr", "0812345678", "--amount", "1e2")]:
        assert is_refused(inside(*misused), status=2), misused


def test_settings_are_checked_before_anything_is_done(paygate: Paygate) -> None:
    wrong = {"PAYGATE_DATABASE_URL": "nonsense", "PAYGATE_VAT": "some"}
    answer = paygate("merchant", "list", env=wrong)
    assert answer.status == 1 and "PAYGATE_DATABASE_URL" in answer.err and "PAYGATE_VAT" in answer.err
    assert "Traceback" not in answer.err
    assert "did you mean PAYGATE_VAT?" in paygate("merchant", "list", env={"PAYGATE_VATT": "none"}).err


def test_a_database_that_is_away_or_anothers_is_said_so(paygate: Paygate) -> None:
    answer = paygate("merchant", "list", env={"PAYGATE_DATABASE_URL": "postgresql://127.0.0.1:1/x"})
    assert is_refused(answer) and "cannot be reached" in answer.err
    assert paygate("merchant", "list").status == 0
    answer = paygate("merchant", "list", env={"PAYGATE_SECRET_KEY": "another-key-of-at-least-32-characters"})
    assert is_refused(answer) and "PAYGATE_SECRET_KEY" in answer.err


def test_the_schemas_standing_is_shown(paygate: Paygate) -> None:
    found = paygate("db", "status", "--json").json
    assert found["current"] is True and {m["state"] for m in found["migrations"]} == {"applied"}
    assert paygate("db", "migrate", "--json").json == {"applied": []}


def test_a_qr_needs_no_database_and_draws_itself(paygate: Paygate) -> None:
    nowhere = {"PAYGATE_DATABASE_URL": "postgresql://127.0.0.1:1/x"}
    made = paygate("qr", "081-234-5678", "--amount", "150", "--json", env=nowhere).json
    assert made == {
        "payload": "00020101021229370016A0000006770101110113006681234567853037645406150.005802TH6304C40C",
        "promptpay": "0066812345678",
        "promptpayKind": "mobile",
        "amountSatang": 15000,
    }
    drawn = paygate("qr", "0812345678", env=nowhere)
    assert drawn.status == 0 and "█" in drawn.out and "081-234-5678, any amount" in drawn.out
    assert paygate("qr", "0812345678", "--png", "q.png", "--svg", "q.svg", env=nowhere).out.startswith("Written: q.png")
    assert is_refused(paygate("qr", "0812345678", "--png", "no/such/folder.png", env=nowhere))


def test_the_version_and_the_commands_are_told(paygate: Paygate) -> None:
    assert re.fullmatch(r"paygate, version \d+\.\d+\.\d+\n", paygate("--version").out)
    told = paygate("--help").out
    assert all(f"\n  {name} " in told for name in COMMANDS)


COMMANDS_WITH_WORK = """
    serve, worker, admin create, account add, account list, merchant create, merchant list, merchant show,
    merchant approve, merchant suspend, source add, source list, webhook add, webhook list, key create, key rotate,
    key revoke, key list, ledger check, db migrate, db status, qr, decode
"""


def test_every_command_has_examples_and_json() -> None:
    for command in COMMANDS_WITH_WORK.replace("\n", " ").split(","):
        told = CliRunner().invoke(cli, [*command.split(), "--help"], prog_name="paygate").output
        assert f"paygate {command.strip()}" in told.partition("\n  Examples:\n    ")[2], told
        assert "--json" in told


def test_a_merchants_origins_and_callback_domains_are_added_removed_and_listed(inside: Paygate) -> None:
    shop = inside(*SHOP, "free", "--approve", "--json").json["merchantId"]
    assert inside("merchant", "origins", shop, "--json").json == {"merchantId": shop, "allowedOrigins": []}
    assert "work nowhere" in inside("merchant", "origins", shop).out
    added = inside("merchant", "origins", shop, "--add", "HTTPS://Shop.example/", "--add", "http://localhost:3000")
    assert added.out.split() == ["http://localhost:3000", "https://shop.example"]
    left = inside("merchant", "origins", shop, "--remove", "http://localhost:3000", "--json").json
    assert left["allowedOrigins"] == ["https://shop.example"]
    assert inside("merchant", "origins", shop, "--list").out.split() == ["https://shop.example"]
    for wrong in ("http://shop.example", "shop.example", "https://shop.example/pay", "*", "null"):
        assert is_refused(inside("merchant", "origins", shop, "--add", wrong))
    assert is_refused(inside("merchant", "origins", "mer_000000000000g", "--list"))
    assert is_refused(inside("merchant", "origins", shop, "--list", "--add", "https://a.example"), status=2)
    assert inside("merchant", "callbacks", shop, "--json").json == {"merchantId": shop, "callbackDomains": []}
    assert "allowed origins" in inside("merchant", "callbacks", shop).out
    hosts = inside("merchant", "callbacks", shop, "--add", "Shop.example", "--add", "*.a.example", "--json").json
    assert hosts["callbackDomains"] == ["shop.example", "*.a.example"]
    assert inside("merchant", "callbacks", shop, "--remove", "*.a.example").out.split() == ["shop.example"]
    assert is_refused(inside("merchant", "callbacks", shop, "--add", "https://shop.example"))
    assert is_refused(inside("merchant", "callbacks", "mer_000000000000g", "--list"))
    assert is_refused(inside("merchant", "callbacks", shop, "--list", "--add", "a.example"), status=2)
    told = {"merchantId": shop, "signedAmounts": True}
    assert inside("merchant", "amounts", shop, "--signed", "--json").json == told
    assert "any amount" in inside("merchant", "amounts", shop, "--any").out
    assert is_refused(inside("merchant", "amounts", "mer_000000000000g", "--signed"))


def test_an_account_is_shown_with_how_full_it_is_and_who_speaks_for_it(inside: Paygate) -> None:
    account = inside(*ACCOUNT, "--name", "ร้าน", "--json").json["accountId"]
    source = inside("source", "add", "--account", account, "--kind", "generic", "--json").json["sourceId"]
    seen = inside("account", "show", account, "--json").json
    assert (seen["openPayments"], seen["heldAmounts"], seen["firstFreeAt"], seen["fullestPrices"]) == (0, 0, None, [])
    [told] = seen["sources"]
    assert told == {"sourceId": source, "kind": "generic", "disabled": False, "lastHeardAt": None}
    text = inside("account", "show", account).out
    assert "0 open payments; 0 amounts held." in text and source in text and "never" in text
    assert "takes new payments, with weight 1" in text
    assert inside("account", "weight", account, "3", "--json").json["weight"] == 3
    paused = inside("account", "pause", account)
    assert "is paused" in paused.out and "NONE of its owner's accounts" in paused.out
    assert "paused since" in inside("account", "show", account).out and "paused" in inside("account", "list").out
    assert inside("account", "list", "--json").json["accounts"][0]["pausedAt"]
    assert "with weight 3" in inside("account", "resume", account).out
    assert inside("account", "weight", account, "0").status == 2
    assert is_refused(inside("account", "pause", source))
    assert is_refused(inside("account", "show", source))


def test_people_who_cannot_log_in_are_helped(paygate: Paygate) -> None:
    paygate("admin", "create", "a@b.co", "--password-stdin", stdin="a password to test\n")
    listed = paygate("user", "list", "--json").json["users"]
    assert [(one["email"], one["role"], one["merchantId"]) for one in listed] == [("a@b.co", "admin", "central")]
    link = paygate("user", "reset", "A@b.co", "--json").json
    assert link["url"] == f"http://127.0.0.1:8000/account/password#{link['token']}"
    assert TIME.fullmatch(link["expiresAt"])
    assert paygate("user", "disable", "a@b.co", "--json").json == {"email": "a@b.co", "disabled": True}
    assert "disabled" in paygate("user", "list").out
    assert paygate("user", "enable", "a@b.co").out == "a@b.co may log in.\n"
    assert paygate("user", "reset-totp", "a@b.co", "--json").json == {"email": "a@b.co", "totp": False}
    assert paygate("user", "sessions", "a@b.co", "--json").json == {"sessions": []}
    assert paygate("user", "logout", "a@b.co", "--json").json == {"email": "a@b.co", "ended": 0}
    assert is_refused(paygate("user", "reset", "nobody@b.co"))
    actions = [one["action"] for one in paygate("audit", "list", "--json").json["records"]]
    assert actions[-1] == "admin.create" and {"user.reset-link", "user.disable", "user.totp"} <= set(actions)


def test_a_team_is_seen_to_on_a_merchants_behalf(paygate: Paygate) -> None:
    shop = paygate(*SHOP, "free", "--json").json["merchantId"]
    made = paygate("user", "invite", "New@b.co", "--merchant", shop, "--role", "staff", "--json").json
    assert (made["email"], made["role"], made["invitedBy"]) == ("new@b.co", "staff", "cli")
    assert made["url"].endswith(f"/account/password#{made['token']}") and made["token"].startswith("join_")
    [listed] = paygate("user", "invitations", "--merchant", shop, "--json").json["invitations"]
    assert listed == {name: value for name, value in made.items() if name not in {"url", "token"}}
    done = paygate("user", "uninvite", made["invitationId"], "--merchant", shop, "--json").json
    assert done == {"invitationId": made["invitationId"], "revoked": True}
    assert is_refused(paygate("user", "uninvite", made["invitationId"], "--merchant", shop))
    assert paygate("user", "role", "m@b.co", "owner", "--json").json["role"] == "owner"
    for wrong in (("role", "m@b.co", "viewer"), ("remove", "m@b.co")):
        assert "last owner" in paygate("user", *wrong).err
    assert is_refused(paygate("user", "invite", "x@b.co", "--merchant", "mer_0000000000000", "--role", "owner"))
