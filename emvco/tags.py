"""The tag tables of EMVCo Merchant-Presented Mode v1.0 (July 2017) and of the Thai QR guideline.

Clauses are cited by title, because v1.0 and v1.1 number some of them differently. BOT is the Bank of Thailand's policy
guideline "Standardized Thai QR Code for Payment Transactions" (April 2019). `format` is the specification's: N digits,
ans printable ASCII, S any text. Only N is enforced on reading: Thai merchant names in 59 are found in the wild.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Tag(NamedTuple):
    """What the specification says about one data object: its name, format, and length in characters."""

    name: str
    format: str
    length_min: int
    length_max: int


ROOT: Final = {
    "00": Tag("Payload Format Indicator", "N", 2, 2),  # MPM, "Payload Format Indicator (ID "00")"
    "01": Tag("Point of Initiation Method", "N", 2, 2),  # MPM, "Point of Initiation Method (ID "01")"
    "52": Tag("Merchant Category Code", "N", 4, 4),  # MPM, "Merchant Category Code (ID "52")"
    "53": Tag("Transaction Currency", "N", 3, 3),  # MPM, "Transaction Currency (ID "53")"
    "54": Tag("Transaction Amount", "ans", 1, 13),  # MPM, "Transaction Amount (ID "54")"
    "55": Tag("Tip or Convenience Indicator", "N", 2, 2),  # MPM, "Tip or Convenience Indicator (ID "55")"
    "56": Tag("Convenience Fee Fixed", "ans", 1, 13),  # MPM, "Value of Convenience Fee Fixed (ID "56")"
    "57": Tag("Convenience Fee Percentage", "ans", 1, 5),  # MPM, "Value of Convenience Fee Percentage (ID "57")"
    "58": Tag("Country Code", "ans", 2, 2),  # MPM, "Country Code (ID "58")"
    "59": Tag("Merchant Name", "ans", 1, 25),  # MPM, "Merchant Name (ID "59")"
    "60": Tag("Merchant City", "ans", 1, 15),  # MPM, "Merchant City (ID "60")"
    "61": Tag("Postal Code", "ans", 1, 10),  # MPM, "Postal Code (ID "61")"
    "63": Tag("CRC", "ans", 4, 4),  # MPM, "CRC (ID "63")"
}

# MPM, "Additional Data Field Template (ID "62")" says at most 25; the Thai document is read as 26 by two libraries, so
# 26 is read and 25 is what a builder may write.
ADDITIONAL: Final = {
    "01": Tag("Bill Number", "ans", 1, 26),
    "02": Tag("Mobile Number", "ans", 1, 26),
    "03": Tag("Store Label", "ans", 1, 26),
    "04": Tag("Loyalty Number", "ans", 1, 26),
    "05": Tag("Reference Label", "ans", 1, 26),
    "06": Tag("Customer Label", "ans", 1, 26),
    "07": Tag("Terminal Label", "ans", 1, 26),
    "08": Tag("Purpose of Transaction", "ans", 1, 26),
    "09": Tag("Additional Consumer Data Request", "ans", 1, 3),
}

LANGUAGE: Final = {  # MPM, "Merchant Information - Language Template (ID "64")"
    "00": Tag("Language Preference", "ans", 2, 2),
    "01": Tag("Merchant Name - Alternate Language", "S", 1, 25),
    "02": Tag("Merchant City - Alternate Language", "S", 1, 15),
}

# MPM, "Merchant Account Information (IDs "02" to "51")": one at least. 02-25 are primitives of the card schemes whose
# digits can look like data objects: nobody descends into them.
ACCOUNTS: Final = frozenset(f"{number:02d}" for number in range(2, 52))

# Values that are data objects again: 26-51 (4.7.11, "Merchant Account Information Template"), 62, 64, and 80-99
# ("Unreserved Templates"). 81 is left out: TrueMoney keeps raw hexadecimal text there.
TEMPLATES: Final = frozenset(f"{number:02d}" for number in (*range(26, 52), 62, 64, 80, *range(82, 100)))
# Within 62, ids 50-99 are templates of payment systems (MPM, "Payment System specific templates").
SYSTEM_TEMPLATES: Final = frozenset(f"{number:02d}" for number in range(50, 100))

# MPM, "Globally Unique Identifier": 00 in every such template but 64 and 62 itself.
IDENTIFIER_LENGTH_MAX: Final = 32
IDENTIFIED: Final = TEMPLATES - {"62", "64"}

STATIC: Final = "11"  # MPM, ID 01: the same code for many payments
DYNAMIC: Final = "12"  # MPM, ID 01: a code for one payment
BAHT: Final = "764"  # ISO 4217, for ID 53
THAILAND: Final = "TH"  # ISO 3166-1 alpha 2, for ID 58

CREDIT_TRANSFER: Final = "29"  # BOT: PromptPay credit transfer
BILL_PAYMENT: Final = "30"  # BOT: PromptPay bill payment
ACQUIRER: Final = "31"  # BOT: payment innovation; KBank: references of the acquirer
VAT: Final = "80"  # Thai VAT TQRC
MESSAGE: Final = "81"  # TrueMoney
THAI_RID: Final = "A000000677"  # The registered part of every Thai application identifier (AID).
AID_MERCHANT_PRESENTED: Final = "A000000677010111"  # BOT, ID 29
AID_CUSTOMER_PRESENTED: Final = "A000000677010114"  # BOT, ID 29 with a one-time code (OTA) in sub-tag 05
AID_BILL_PAYMENT: Final = "A000000677010112"  # BOT, ID 30, domestic
AID_BILL_PAYMENT_CROSS_BORDER: Final = "A000000677012006"  # BOT, ID 30, cross-border
AID_PAYMENT_INNOVATION: Final = "A000000677012004"  # BOT, ID 31
AID_ACQUIRER: Final = "A000000677010113"  # ID 31, KBank; not in the guideline

# Names of what the Thai guideline and its neighbours add; for people, nothing is checked by this table.
THAI: Final = {
    "29": "PromptPay Credit Transfer",
    "29/00": "Application Identifier",
    "29/01": "Mobile Number",
    "29/02": "National ID or Tax ID",
    "29/03": "E-Wallet ID",
    "29/04": "Bank Account",
    "29/05": "One-Time Code",
    "30": "PromptPay Bill Payment",
    "30/00": "Application Identifier",
    "30/01": "Biller ID",
    "30/02": "Reference 1",
    "30/03": "Reference 2",
    "31": "Payment Innovation or Acquirer",
    "31/00": "Application Identifier",
    "31/01": "API ID or Acquirer",
    "31/02": "Service Provider or Merchant Reference",
    "31/03": "Transaction Reference",
    "31/04": "Order Reference",
    "62": "Additional Data",
    "64": "Merchant Information - Language Template",
    "80": "VAT TQRC or Unreserved Template",
    "80/00": "Tax Branch",
    "80/01": "VAT Rate",
    "80/02": "VAT Amount",
    "81": "TrueMoney Message or Unreserved Template",
}
