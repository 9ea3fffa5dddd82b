"""Payment codes, or any text, as pictures. Needs nothing but the standard library; NumPy makes batches faster.

>>> from emvco import qr
>>> symbol = qr.render("00020101021129370016A0000006770101110113006681234567853037645802TH6304823E")
>>> symbol.version, symbol.size, symbol.mask
(5, 37, 2)
>>> symbol.png()[:4], len(symbol.png())
(b'\\x89PNG', 560)

`.svg() .terminal() .data_url() .rows() .modules()` show the same symbol in other ways. Compact mode leaves EMVCo's byte
mode for smaller symbols:

>>> qr.render(symbol.text, mode="compact").version
3

Many texts, in a stream, give the same bytes in order:

>>> list(qr.render_many([symbol.text] * 3)) == [symbol.png()] * 3
True

And `card` is the payment card around a code, for a page or, as a poster, for a counter.
"""

from emvco.errors import SymbolError
from emvco.qr.batch import render_many
from emvco.qr.card import Card, card
from emvco.qr.symbol import Symbol, render

__all__ = ["Card", "Symbol", "SymbolError", "card", "render", "render_many"]
