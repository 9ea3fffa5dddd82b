"""Payloads as pictures.

`render(text)` gives a Symbol with `.png() .svg() .terminal() .data_url() .rows() .modules()`, and `render_many(texts)`
the same for a stream of texts, with NumPy several times as fast. `card(payload)` is the payment card around a code, for
a page or a counter.
"""

from emvco.errors import SymbolError
from emvco.qr.batch import render_many
from emvco.qr.card import Card, card
from emvco.qr.symbol import Symbol, render

__all__ = ["Card", "Symbol", "SymbolError", "card", "render", "render_many"]
