"""URLs that must never be reached, for the check at creation and for the one at the connection."""

from __future__ import annotations

from ipaddress import ip_network

LOCAL = (ip_network("127.0.0.0/8"),)

FORBIDDEN_HOSTS = [
    *("127.0.0.1", "127.1", "127.255.255.254", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1", "017700000001"),
    *("0", "0.0.0.0", "00000000", "127.0.0.1.", "127.0.0.1", "①②⑦.0.0.1", "127。0。0。1", "0X7F.0.0.1"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "ⓛocalhost"),
    *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255"),
    *("169.254.169.254", "2852039166", "0xa9fea9fe", "0251.0376.0251.0376", "100.100.100.200", "168.63.129.16"),
    *("192.0.0.192", "192.0.2.1", "198.51.100.1", "203.0.113.1", "198.18.0.1", "192.88.99.1", "224.0.0.1"),
    *("239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::ffff:a9fe:a9fe]"),
    *("[::127.0.0.1]", "[::8.8.8.8]", "[64:ff9b::127.0.0.1]", "[64:ff9b::808:808]", "[64:ff9b:1::1]"),
    *("[2002:7f00:1::]", "[2001:0:7f00:1::]", "[2001:db8::1]", "[3fff::1]", "[2001:2::1]", "[100::1]", "[5f00::1]"),
    *("[fc00::1]", "[fd00:ec2::254]", "[fe80::1]", "[fec0::1]", "[ff02::1]", "[4000::1]", "[1::1]"),
]

MALFORMED = [
    *("", " ", "x", "//example.com/", "example.com", "https:", "https://", "https:///path", "https:example.com", "/a"),
    *("ftp://example.com/", "file:///etc/passwd", "javascript://example.com", "gopher://x/", "ws://example.com"),
    *("https://user@example.com/", "https://user:pw@example.com/", "https://@example.com/", "https://:@example.com/"),
    *("https://127.0.0.1@example.com/", "https://example.com\\@127.0.0.1/", "https://example.com@127.0.0.1/"),
    *("https://exam ple.com/", "https://example.com/\r\nX: 1", "\thttps://example.com/", "https://example.com/\x00"),
    *("https://example.com:0/", "https://example.com:99999/", "https://example.com:x/", "https://example.com:-1/"),
    *("https://[fe80::1%25eth0]/", "https://[::1%eth0]/", "https://[1.2.3.4]/", "https://[::1/", "https://[]/"),
    *("https://1.2.3.4.5/", "https://256.1.1.1/", "https://1.2.3.0x100/", "https://example.123/", "https://0x/"),
    *("https://a..b/", "https://.example.com/", "https://-/", "https://%31%32%37.0.0.1/", "https://127.0.0.1%00.x/"),
    *("https://" + "a" * 64 + ".com/", "https://" + "a." * 127 + "com/", "https://example.com/" + "a" * 2_048),
    *(
        "https://example.com/\ud800",
        "https://exa\u200bmple.com/",
        "https://ex(ample).com/",
        "https://a,b/",
        "https://*/",
    ),
]
