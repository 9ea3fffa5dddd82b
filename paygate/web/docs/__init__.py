"""`/docs`: how shops use this host, in Thai and English, and every call of it.

Guides are Markdown in templates/docs; `facts` fills in what the code decides. `reference` reads the API's document,
`snippets` says each call in four languages, `samples` makes the webhooks, `site` puts pages together, `search` finds.
"""

from paygate.web.docs.facts import Chosen
from paygate.web.docs.handlers import asset, find, index, page, start
from paygate.web.docs.site import Site

HANDLERS = (start, page, find, index, asset)

__all__ = ["HANDLERS", "Chosen", "Site", "asset", "find", "index", "page", "start"]
