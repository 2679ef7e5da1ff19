"""A webhook's URL is read by one strict grammar; what it does not name is refused with its reason."""

import re
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.errors import TargetRefused
from services.notifications.domain.target import Target, TargetRules, parse_target

PRODUCTION = TargetRules(own_hosts=frozenset({"gongyue.example.cn"}))
DEVELOPMENT = TargetRules(ports=frozenset(), plain_http=True, ip_literals=True)

REFUSED = {
    "http://example.com/": "scheme",
    "ftp://example.com/": "scheme",
    "gopher://example.com/": "scheme",
    "file:///etc/passwd": "scheme",
    "http+unix://%2Frun%2Fdocker.sock/": "scheme",
    "javascript:alert(1)": "form",
    "example.com": "form",
    "//example.com/": "form",
    "https:/example.com": "form",
    "https:example.com": "form",
    "": "form",
    "https://": "host",
    "https:///hook": "host",
    "https://:443/": "host",
    "https://example.com:/": "form",
    "https://example.com:443:443/": "form",
    "https://example.com:4４3/": "form",
    "https://example.com:+443/": "form",
    "https://example.com:444/": "port",
    "https://example.com:0/": "port",
    "https://example.com:99999/": "port",
    "https://example.com:22/": "port",
    "https://example.com:5432/": "port",
    "https://example.com:5672/": "port",
    "https://example.com:6379/": "port",
    "https://user@example.com/": "credentials",
    "https://user:password@example.com/": "credentials",
    "https://@example.com/": "credentials",
    "https://example.com/#part": "fragment",
    "https://example.com#@evil.com/": "fragment",
    "https://example.com\\@evil.com/": "characters",
    "https://example.com\\.evil.com/": "characters",
    "https://exa mple.com/": "characters",
    "https://example.com/a b": "characters",
    " https://example.com/": "characters",
    "https://example.com/\r\nX: y": "characters",
    "https://example.com\t/": "characters",
    "https://example.com/\0": "characters",
    "https://exam\u200bple.com/": "characters",
    "https://exam\u202eple.com/": "characters",
    "https://example.com/\u3000": "characters",
    "https://example.com/路径": "path",
    "https://example.com/%zz": "path",
    'https://example.com/"': "path",
    "https://example.com/<a>": "path",
    "https://localhost/": "host",
    "https://LOCALHOST/": "host",
    "https://a.localhost/": "host",
    "https://localhost./": "host",
    "https://example.com./": "host",
    "https://.example.com/": "host",
    "https://a..example.com/": "host",
    "https://postgres/": "host",
    "https://-a.example.com/": "host",
    "https://a-.example.com/": "host",
    "https://a_b.example.com/": "host",
    "https://a%2eexample.com/": "host",
    f"https://{'a' * 64}.example.com/": "host",
    f"https://{'a.' * 127}com/": "host",
    "https://example。com/": "host",
    "https://127。0。0。1/": "host",
    "https://１２７.０.０.１/": "host",
    "https://①②⑦.0.0.1/": "ip_literal",
    "https://ｅｘａｍｐｌｅ.com/": "host",
    "https://straße.example/": "host",
    "https://βόλος.example/": "host",
    "https://\u212a.example.com/": "host",
    "https://Bücher.example/": "host",
    "https://127.0.0.1/": "ip_literal",
    "https://8.8.8.8/": "ip_literal",
    "https://127.1/": "ip_literal",
    "https://0/": "ip_literal",
    "https://2130706433/": "ip_literal",
    "https://0x7f000001/": "ip_literal",
    "https://0x7f.0.0.1/": "ip_literal",
    "https://0177.0.0.1/": "ip_literal",
    "https://127.0.0.0x1/": "ip_literal",
    "https://127.0.0.0x/": "ip_literal",
    "https://1.2.3.4.5/": "ip_literal",
    "https://[::1]/": "ip_literal",
    "https://[::ffff:7f00:1]/": "ip_literal",
    "https://[fe80::1%25eth0]/": "ip_literal",
    "https://[::1/": "form",
    "https://[example.com]/": "ip_literal",
    "https://[]/": "ip_literal",
    "https://gongyue.example.cn/": "own_host",
    "https://GONGYUE.example.cn/": "own_host",
}

ACCEPTED = {
    "https://example.com": Target(True, "example.com", 443, "/"),
    "HTTPS://Hooks.Example.COM:8443/A/b?c=D": Target(True, "hooks.example.com", 8443, "/A/b?c=D"),
    "https://example.com:443/": Target(True, "example.com", 443, "/"),
    "https://example.com?token=%2F": Target(True, "example.com", 443, "/?token=%2F"),
    "https://例子.公司.cn/": Target(True, "xn--fsqu00a.xn--55qx5d.cn", 443, "/"),
    "https://xn--fsqu00a.cn/": Target(True, "xn--fsqu00a.cn", 443, "/"),
    "https://bücher.example/": Target(True, "xn--bcher-kva.example", 443, "/"),
    "https://1and1.example1/": Target(True, "1and1.example1", 443, "/"),
}


@pytest.mark.parametrize(("url", "reason"), REFUSED.items())
def test_what_is_no_plain_public_url_is_refused_with_its_reason(url: str, reason: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        parse_target(url, PRODUCTION)
    assert refused.value.facts == {"reason": reason}


@pytest.mark.parametrize(("url", "target"), ACCEPTED.items())
def test_a_good_url_is_read_in_its_parts(url: str, target: Target) -> None:
    assert parse_target(url, PRODUCTION) == target


def test_a_url_has_at_most_2048_characters() -> None:
    url = "https://example.com/".ljust(2048, "a")
    assert parse_target(url, PRODUCTION).url == url
    with pytest.raises(TargetRefused, match="target_refused") as refused:
        parse_target(url + "a", PRODUCTION)
    assert refused.value.facts == {"reason": "length"}


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://127.0.0.1:9000/hook", "127.0.0.1:9000"),
        ("http://[::1]:9000/", "[::1]:9000"),
        ("https://[2606:4700:0::1]/", "[2606:4700::1]"),
        ("http://receiver:80/", "receiver"),
        ("http://localhost:9000/", "localhost:9000"),
    ],
)
def test_development_may_use_plain_http_addresses_and_names_of_its_own(
    url: str, authority: str
) -> None:
    target = parse_target(url, DEVELOPMENT)
    assert target.authority == authority
    assert target.is_tls == url.startswith("https")


@pytest.mark.parametrize("host", ["127.1", "0", "0x7f000001", "0177.0.0.1", "[fe80::1%25lo]"])
def test_not_even_development_knows_numbers_in_other_notations(host: str) -> None:
    with pytest.raises(TargetRefused) as refused:
        parse_target(f"http://{host}/", DEVELOPMENT)
    assert refused.value.facts == {"reason": "ip_literal"}


WRITTEN = st.text("aA1.:/@#?%[]\\-_ \t\0é。．１例x", max_size=30)


@given(st.builds("https://{}{}".format, WRITTEN, st.sampled_from(["", ".com", ".com/", ":443/"])))
def test_what_is_accepted_is_ascii_says_the_same_to_any_parser_and_reads_back_as_itself(
    url: str,
) -> None:
    try:
        target = parse_target(url, PRODUCTION)
    except TargetRefused:
        return
    assert re.fullmatch(r"[a-z0-9.-]+\.[a-z0-9-]*[a-z][a-z0-9-]*", target.host)
    assert re.fullmatch(r"[!-~]+", target.path)
    assert urlsplit(target.url).hostname == target.host
    assert parse_target(target.url, PRODUCTION) == target
