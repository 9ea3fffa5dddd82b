"""Payloads as pictures: `render(text)` gives a Symbol with `.png() .svg() .terminal() .data_url() .rows()`."""

from emvco.errors import SymbolError
from emvco.qr.symbol import Symbol, render

__all__ = ["Symbol", "SymbolError", "render"]
