"""One request of the API, as curl, Node.js, PHP and Python say it, without a library."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SECRET: Final = "sk_test_xxxxxxxxxxxxxxxxxxxx"  # noqa: S105  # Stands for one.
PUBLIC: Final = "pk_test_xxxxxxxxxxxxxxxxxxxx"
SIGN: Final = "t=$T,v1=$SIGNATURE"


@dataclass(frozen=True, slots=True)
class Call:
    """A request: `headers` with the credential among them, `body` a JSON value if there is one."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any = None
    binary: bool = False  # The answer is a picture or an archive.


def every(call: Call) -> Sequence[tuple[str, str, str]]:
    """(tab, language, code) of each."""
    return (
        ("curl", "sh", curl(call)),
        ("Node.js", "js", node(call)),
        ("PHP", "php", php(call)),
        ("Python", "python", python(call)),
    )


def json_text(value: Any, indent: int = 2) -> str:
    """JSON as people write it; short lists stay on their line."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def curl(call: Call) -> str:
    """For a shell."""
    lines = [f'curl {"" if call.method == "GET" else f"-X {call.method} "}"{call.url}"']
    lines += [f'-H "{name}: {value}"' for name, value in call.headers.items()]
    if call.body is not None:
        text = json_text(call.body).replace("'", "'\\''")
        lines.append(f"-d '{_shifted(text, '  ')}'")
    if call.binary:
        lines.append("-o answer")
    return " \\\n  ".join(lines)


def signed_curl(call: Call) -> str:
    """For a shell, with the signature of a bank source over the body."""
    body = json.dumps(call.body, ensure_ascii=False).replace("'", "'\\''")
    return "\n".join(
        (
            "SECRET='whsec_...'",
            f"BODY='{body}'",
            "T=$(date +%s)",
            'SIGNATURE=$(printf \'%s.%s\' "$T" "$BODY" | openssl dgst -sha256 -hmac "$SECRET" | sed \'s/^.* //\')',
            curl(Call(call.method, call.url, call.headers)) + ' \\\n  -d "$BODY"',
        )
    )


def node(call: Call) -> str:
    """For Node.js 18 and later, as a module."""
    inside = []
    if call.method != "GET":
        inside.append(f"method: {_quoted(call.method)},")
    if call.headers:
        inside.append(f"headers: {{ {', '.join(f'{_quoted(n)}: {_quoted(v)}' for n, v in call.headers.items())} }},")
    if call.body is not None:
        inside.append(f"body: JSON.stringify({_shifted(json_text(call.body), '  ')}),")
    options = ", {\n  " + "\n  ".join(inside) + "\n}" if inside else ""
    shown = "await answer.arrayBuffer()" if call.binary else "await answer.json()"
    return f"const answer = await fetch({_quoted(call.url)}{options});\nconsole.log(answer.status, {shown});"


def php(call: Call) -> str:
    """For PHP 7.4 and later with its curl extension."""
    lines = [f"$curl = curl_init({_quoted(call.url)});", "curl_setopt_array($curl, ["]
    lines.append("    CURLOPT_RETURNTRANSFER => true,")
    if call.method != "GET":
        lines.append(f"    CURLOPT_CUSTOMREQUEST => {_quoted(call.method)},")
    if call.headers:
        headers = ", ".join(_quoted(f"{name}: {value}") for name, value in call.headers.items())
        lines.append(f"    CURLOPT_HTTPHEADER => [{headers}],")
    if call.body is not None:
        lines.append(f"    CURLOPT_POSTFIELDS => json_encode({_shifted(_php(call.body), '    ')}),")
    lines += ["]);", "$answer = curl_exec($curl);"]
    lines.append("echo strlen($answer);" if call.binary else "print_r(json_decode($answer, true));")
    return "\n".join(lines)


def python(call: Call) -> str:
    """For Python 3.9 and later, the standard library alone."""
    lines = ["import json", "import urllib.request", "", "request = urllib.request.Request("]
    lines.append(f"    {_double(call.url)},")
    if call.method != "GET":
        lines.append(f"    method={_double(call.method)},")
    if call.headers:
        headers = ", ".join(f"{_double(name)}: {_double(value)}" for name, value in call.headers.items())
        lines.append(f"    headers={{{headers}}},")
    if call.body is not None:
        lines.append(f"    data=json.dumps({_shifted(_python(call.body), '    ')}).encode(),")
    lines += [")", "with urllib.request.urlopen(request) as answer:"]
    lines.append("    print(len(answer.read()))" if call.binary else "    print(json.load(answer))")
    return "\n".join(lines)


def _shifted(text: str, by: str) -> str:
    """*text* whose lines after the first begin further right."""
    return text.replace("\n", f"\n{by}")


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _double(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _php(value: Any, indent: int = 0) -> str:
    pad, end = " " * (indent + 4), " " * indent
    if isinstance(value, dict):
        if not value:
            return "(object) []"
        rows = "".join(f"{pad}{_quoted(name)} => {_php(one, indent + 4)},\n" for name, one in value.items())
        return f"[\n{rows}{end}]"
    if isinstance(value, list):
        if not any(isinstance(one, dict | list) for one in value):
            return f"[{', '.join(_php(one) for one in value)}]"
        return "[\n" + "".join(f"{pad}{_php(one, indent + 4)},\n" for one in value) + f"{end}]"
    if isinstance(value, str):
        return _quoted(value)
    return json.dumps(value)


def _python(value: Any, indent: int = 0) -> str:
    pad, end = " " * (indent + 4), " " * indent
    if isinstance(value, dict):
        if not value:
            return "{}"
        rows = "".join(f"{pad}{_double(name)}: {_python(one, indent + 4)},\n" for name, one in value.items())
        return f"{{\n{rows}{end}}}"
    if isinstance(value, list):
        if not any(isinstance(one, dict | list) for one in value):
            return f"[{', '.join(_python(one) for one in value)}]"
        return "[\n" + "".join(f"{pad}{_python(one, indent + 4)},\n" for one in value) + f"{end}]"
    if isinstance(value, str):
        return _double(value)
    return repr(value)
