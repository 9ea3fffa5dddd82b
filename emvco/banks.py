"""Thai banks by the three-digit code that slips and bank accounts carry.

The codes were compared across public lists; those seen in one list only are foreign branches of the past. SWIFT codes
come from application code and are hints. New banks appear: a code that is not here is no error, only a bank without a
name.

>>> find("014").en, find("scb").code, find("IBANK").abbreviation, find("999")
('Siam Commercial Bank', '014', 'ISBT', None)
"""

from __future__ import annotations

from typing import Final, NamedTuple

from emvco import fields
from emvco.errors import InputError


class Bank(NamedTuple):
    """A bank: its code, the usual abbreviation, names in English and Thai ("" if not known)."""

    code: str
    abbreviation: str
    en: str
    th: str
    swift: str | None = None
    aliases: tuple[str, ...] = ()
    note: str = ""


BANKS: Final = (
    Bank("001", "BOT", "Bank of Thailand", "ธนาคารแห่งประเทศไทย", swift="BOTHTHBK", note="central bank"),
    Bank("002", "BBL", "Bangkok Bank", "ธนาคารกรุงเทพ", swift="BKKBTHBK"),
    Bank("004", "KBANK", "Kasikornbank", "ธนาคารกสิกรไทย", swift="KASITHBK", aliases=("KBNK",)),
    Bank("006", "KTB", "Krung Thai Bank", "ธนาคารกรุงไทย", swift="KRTHTHBK"),
    Bank("008", "JPM", "JPMorgan Chase Bank", ""),
    Bank("009", "OCBC", "Oversea-Chinese Banking Corporation", ""),
    Bank("010", "MUFG", "MUFG Bank (formerly BTMU)", "", aliases=("BTMU",), note="merged into BAY"),
    Bank("011", "TTB", "TMBThanachart Bank", "ธนาคารทหารไทยธนชาต", swift="TMBKTHBK", aliases=("TMB",)),
    Bank("014", "SCB", "Siam Commercial Bank", "ธนาคารไทยพาณิชย์", swift="SICOTHBK"),
    Bank("017", "CITI", "Citibank N.A.", "ธนาคารซิตี้แบงก์", swift="CITITHBX", note="retail business sold to UOB"),
    Bank("018", "SMBC", "Sumitomo Mitsui Banking Corporation", "ธนาคารซูมิโตโม มิตซุย แบงกิ้ง คอร์ปอเรชั่น", swift="SMBCTHBK"),
    Bank(
        "020",
        "SCBT",
        "Standard Chartered Bank (Thai)",
        "ธนาคารสแตนดาร์ดชาร์เตอร์ด (ไทย)",
        swift="SCBLTHBX",
        aliases=("SCT",),
    ),
    Bank("022", "CIMBT", "CIMB Thai Bank", "ธนาคารซีไอเอ็มบี ไทย", swift="UBOBTHBK", aliases=("CIMB",)),
    Bank("024", "UOBT", "United Overseas Bank (Thai)", "ธนาคารยูโอบี", swift="UOVBTHBK", aliases=("UOB",)),
    Bank("025", "BAY", "Bank of Ayudhya (Krungsri)", "ธนาคารกรุงศรีอยุธยา", swift="AYUDTHBK", aliases=("KRUNGSRI",)),
    Bank("026", "MEGA", "Mega International Commercial Bank", ""),
    Bank("027", "BOFA", "Bank of America", ""),
    Bank("028", "CACIB", "Credit Agricole CIB (formerly Calyon)", "", note="old lists only"),
    Bank("029", "IOB", "Indian Overseas Bank", ""),
    Bank("030", "GSB", "Government Savings Bank", "ธนาคารออมสิน", swift="GSBATHBK"),
    Bank("031", "HSBC", "HSBC Thailand", "ธนาคารฮ่องกงและเซี่ยงไฮ้แบงกิ้งคอร์ปอเรชั่น", swift="HSBCTHBK"),
    Bank("032", "DB", "Deutsche Bank", "ธนาคารดอยซ์แบงก์"),
    Bank("033", "GHB", "Government Housing Bank", "ธนาคารอาคารสงเคราะห์", aliases=("GHBANK",)),
    Bank(
        "034",
        "BAAC",
        "Bank for Agriculture and Agricultural Cooperatives",
        "ธนาคารเพื่อการเกษตรและสหกรณ์การเกษตร",
        swift="BAABTHBK",
    ),
    Bank("035", "EXIM", "Export-Import Bank of Thailand", "ธนาคารเพื่อการส่งออกและนำเข้าแห่งประเทศไทย", swift="EXTHTHBK"),
    Bank("039", "MHCB", "Mizuho Bank", "ธนาคารมิซูโฮ", swift="MHCBTHBK", aliases=("MIZUHO",)),
    Bank("045", "BNPP", "BNP Paribas", "ธนาคารบีเอ็นพี พารีบาส์"),
    Bank("052", "BOC", "Bank of China (Thai)", "ธนาคารแห่งประเทศจีน (ไทย)"),
    Bank("065", "TBANK", "Thanachart Bank", "ธนาคารธนชาต", swift="THBKTHBK", note="merged into TTB; old slips"),
    Bank("066", "ISBT", "Islamic Bank of Thailand", "ธนาคารอิสลามแห่งประเทศไทย", swift="TIBTTHBK", aliases=("IBANK",)),
    Bank("067", "TISCO", "TISCO Bank", "ธนาคารทิสโก้", swift="TFPCTHB1"),
    Bank("069", "KKP", "Kiatnakin Phatra Bank", "ธนาคารเกียรตินาคินภัทร", swift="KIFITHB1"),
    Bank("070", "ICBCT", "ICBC (Thai)", "ธนาคารไอซีบีซี (ไทย)", swift="ICBKTHBK", aliases=("ICBC",)),
    Bank("071", "TCRB", "Thai Credit Bank", "ธนาคารไทยเครดิต", swift="THCETHB1", aliases=("TCD",)),
    Bank("073", "LHB", "Land and Houses Bank", "ธนาคารแลนด์ แอนด์ เฮ้าส์", swift="LAHRTHB1", aliases=("LHFG", "LHBANK")),
    Bank("079", "ANZ", "ANZ Bank (Thai)", ""),
    Bank("080", "SMTB", "Sumitomo Mitsui Trust Bank (Thai)", "ธนาคารซูมิโตโม มิตซุย ทรัสต์ (ไทย)"),
    Bank("098", "SME", "SME Development Bank", "ธนาคารพัฒนาวิสาหกิจขนาดกลางและขนาดย่อมแห่งประเทศไทย"),
)
"""In the order of their codes."""

_BY_NAME: Final = {name: bank for bank in BANKS for name in (bank.code, bank.abbreviation, *bank.aliases)}


def find(name: str) -> Bank | None:
    """The bank of a code ("014"), an abbreviation or an alias ("SCB", any case); None if it is not in the table.

    Raises InputError for what is no text.
    """
    fields.require_text(name, "", "the name or code of a bank")
    return _BY_NAME.get(name.strip().upper())


def name_of(code: str, language: str = "en") -> str | None:
    """The bank's name in "en" or "th" (English where the Thai name is not known); None for an unknown code.

    Raises InputError for another language, and for a code that is no text.
    """
    if language not in ("en", "th"):
        raise InputError("unknown_language", None, "", 'the language is "en" or "th"')
    bank = find(code)
    if bank is None:
        return None
    return (bank.th or bank.en) if language == "th" else bank.en
