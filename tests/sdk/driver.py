"""Calls the library as lines of JSON ask: {"call", "args", "kwargs"} in, {"ok"} or {"error"} out. See languages.py."""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(os.environ["LIBRARY"]).parent))
import PayGate as library  # noqa: E402

client = None


def load(value):
    if isinstance(value, dict):
        return Path(value["$file"]).read_bytes() if "$file" in value else {n: load(v) for n, v in value.items()}
    return value


for line in sys.stdin:
    asked = json.loads(line)
    args, kwargs = [load(one) for one in asked["args"]], load(asked.get("kwargs", {}))
    try:
        if asked["call"] == "new":
            client, result = library.PayGate(*args, **kwargs), None
        else:
            result = getattr(client, asked["call"])(*args, **kwargs)
        if isinstance(result, Iterator):
            result = list(result)
            if result and all(isinstance(one, bytes) for one in result):
                result = b"".join(result).decode()
        answer = {"ok": result}
    except library.PayGateError as error:
        names = ("message", "status", "code", "field", "request_id", "retry_after", "payer_message")
        facts = {"".join(p.title() if i else p for i, p in enumerate(n.split("_"))): getattr(error, n) for n in names}
        answer = {"error": {"name": type(error).__name__, "known": True, **facts}}
    except TypeError as error:
        answer = {"error": {"name": "TypeError", "message": str(error)}}
    print(json.dumps(answer), flush=True)
