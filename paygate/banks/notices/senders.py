"""Whose texts are looked at: the names under which each bank writes. Anybody else's words are never read.

SMS ids, app packages, LINE accounts (chat titles), mail addresses, three-digit codes and names; case, blanks, dashes
and dots do not count, except in packages and addresses. The first name of a bank is what it is called here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

Channel = Literal["sms", "push", "line", "mail"]
LINE_PACKAGE: Final = "jp.naver.line.android"


@dataclass(frozen=True, slots=True)
class Sender:
    """A bank and the way in which it wrote. `code` is its BOT code, "" for a wallet."""

    bank: str
    code: str
    channel: Channel


@dataclass(frozen=True, slots=True)
class _Bank:
    name: str
    code: str
    sms: tuple[str, ...]
    push: tuple[str, ...]
    line: tuple[str, ...]
    mail: tuple[str, ...] = ()


_BANKS: Final = (
    _Bank(
        "KBANK",
        "004",
        ("KBANK", "KBank", "K-Bank", "KPlus", "K PLUS", "KASIKORNBANK", "Kasikorn Bank", "กสิกรไทย", "ธนาคารกสิกรไทย"),
        ("com.kasikorn.retail.mbanking.wap", "com.kasikornbank.makebykbank", "com.kasikornbank.kbiz"),
        ("KBank Live", "KBankLive"),
        ("kplus@kasikornbank.com", "kbiz@kasikornbank.com"),
    ),
    _Bank("LINEBK", "004", ("LINEBK",), (), ("LINE BK", "LINEBK"), ()),
    _Bank(
        "SCB",
        "014",
        (
            "027777777",
            "SCBQRAlert",
            "SCB",
            "SCBEasy",
            "SCB Easy",
            "SCB Easy App",
            "Siam Commercial Bank",
            "ไทยพาณิชย์",
            "ธนาคารไทยพาณิชย์",
        ),
        ("com.scb.phone",),
        ("SCB Connect", "SCBConnect", "SCB Thailand"),
        ("scbeasynet@scb.co.th",),
    ),
    _Bank(
        "KTB",
        "006",
        ("Krungthai", "KTB", "KTB-BANK", "Krungthai Bank", "Krung Thai Bank", "กรุงไทย", "ธนาคารกรุงไทย"),
        ("ktbcs.netbank", "com.ktb.netbank", "com.ktb.customer.qr"),
        ("Krungthai Connext", "KrungthaiConnext", "Connext"),
    ),
    _Bank(
        "BBL",
        "002",
        ("BANGKOKBANK", "BBL", "Bangkok Bank", "Bualuang", "BualuangmBanking", "กรุงเทพ", "ธนาคารกรุงเทพ"),
        ("com.bbl.mobilebanking",),
        (),
        ("bualuangmbanking@bangkokbank.com",),
    ),
    _Bank(
        "BAY",
        "025",
        ("Krungsri", "BAY", "KMA", "Bank of Ayudhya", "กรุงศรี", "กรุงศรีอยุธยา", "ธนาคารกรุงศรีอยุธยา"),
        ("com.krungsri.kma", "com.krungsri.kept"),
        ("Krungsri Simple",),
    ),
    _Bank(
        "TTB",
        "011",
        (
            "TTB",
            "ttbbank",
            "TMB",
            "TMBBank",
            "Thanachart",
            "TMBThanachart",
            "TMBThanachart Bank",
            "ทีเอ็มบีธนชาต",
            "ธนาคารทหารไทยธนชาต",
        ),
        ("com.TMBTOUCH.PRODUCTION", "com.ttbbank.oneapp", "com.ttb.touchapp"),
        ("ttb touch", "ttb bank"),
    ),
    _Bank(
        "GSB",
        "030",
        ("GSB", "MyMo", "Government Savings Bank", "ออมสิน", "ธนาคารออมสิน"),
        ("com.mobilife.gsb.mymo", "com.gsb.mymo"),
        ("GSB NOW", "GSB Society"),
    ),
    _Bank(
        "BAAC",
        "034",
        (
            "BAAC",
            "BAAC-SMS",
            "BankBAACThai",
            "BAAC Mobile",
            "Bank for Agriculture and Agricultural Cooperatives",
            "ธกส",
            "ธ.ก.ส.",
            "ธนาคารเพื่อการเกษตรและสหกรณ์การเกษตร",
        ),
        ("com.baac.amobileplus",),
        ("BAAC Family", "BAAC Connect"),
    ),
    _Bank(
        "TRUEMONEY",
        "",
        ("TrueMoney", "TrueMoney Wallet", "TMN", "ทรูมันนี่"),
        ("th.co.truemoney.wallet", "com.truemoney.android.wallet"),
        ("TrueMoney",),
    ),
)
_LOOSE = re.compile(r"[\s\-_.]+")
_ADDRESS = re.compile(r"<([^<>@\s]{1,64}@[^<>@\s]{1,190})>\s*$")
_CHAT = re.compile(rf"(?:{re.escape(LINE_PACKAGE)}|line)\s*[:|/]\s*(.+)", re.IGNORECASE)


def _loose(name: str) -> str:
    return _LOOSE.sub("", name).casefold()


def _exact() -> dict[str, Sender]:
    table: dict[str, Sender] = {}
    for bank in _BANKS:
        for package in bank.push:
            table[package.casefold()] = Sender(bank.name, bank.code, "push")
        for address in bank.mail:
            table[address.casefold()] = Sender(bank.name, bank.code, "mail")
    return table


def _named() -> dict[str, Sender]:
    table: dict[str, Sender] = {}
    for bank in _BANKS:
        for title in bank.line:
            table[_loose(title)] = Sender(bank.name, bank.code, "line")
    for bank in _BANKS:
        names = (bank.name, *bank.sms, *((bank.code,) if bank.code and bank.name != "LINEBK" else ()))
        for name in names:
            table.setdefault(_loose(name), Sender(bank.name, bank.code, "sms"))
    return table


def usual() -> tuple[str, ...]:
    """One name of each bank."""
    return tuple(bank.name for bank in _BANKS)


def names(kind: Channel) -> set[str]:
    """Every name of a channel in the form in which it is compared: small letters, without blanks, dashes and dots;
    packages and addresses in small letters."""
    if kind in {"push", "mail"}:
        return {name for name, sender in _EXACT.items() if sender.channel == kind}
    if kind == "sms":
        return {_loose(name) for bank in _BANKS for name in bank.sms}
    return {_loose(title) for bank in _BANKS for title in bank.line}


_EXACT: Final = _exact()
_NAMED: Final = _named()


def find(sender: str) -> Sender | None:
    """Which bank writes under this name; None for everybody else.

    A mail address counts, the name before it does not. LINE's own package says nothing: the chat's title must be given,
    alone or behind it (`jp.naver.line.android: KBank Live`).

    >>> find("SCB Easy <scbeasynet@scb.co.th>").channel, find("k-bank").bank, find("SCB <evil@example.com>")
    ('mail', 'KBANK', None)
    """
    name = sender.strip()[:300]
    if "@" in name:
        address = _ADDRESS.search(name)
        return _EXACT.get((address[1] if address else name).casefold())
    if (found := _EXACT.get(name.casefold())) is not None:
        return found
    if chat := _CHAT.fullmatch(name):
        found = _NAMED.get(_loose(chat[1]))
        return Sender(found.bank, found.code, "line") if found else None
    return _NAMED.get(_loose(name))
