"""Where a webhook goes: a URL, read by one strict grammar, so that nothing else ever reads it again (N4).

What the grammar does not name is refused. So is every host that an internationalised name would have to be changed
to become (full-width dots and digits, ß, joiners): the name that was typed is the name that is asked for.
Sources: RFC 3986, RFC 3490, RFC 1123; the URL standard of the WHATWG for which hosts are numbers.
"""

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address

from services.notifications.domain.errors import TargetRefused

LONGEST_URL = 2048
LONGEST_HOST = 253
DEFAULT_PORTS = {"https": 443, "http": 80}

_URL = re.compile(
    r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*)://(?P<authority>[^/?]*)(?P<path>/[^?]*)?(?P<query>\?.*)?"
)
_AUTHORITY = re.compile(r"(?P<host>\[[^\]]*\]|[^:]*)(?::(?P<port>[0-9]{1,5}))?")
_PATH = re.compile(r"(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_IPV6 = re.compile(r"\[(?P<address>[0-9A-Fa-f:.]+)\]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetRules:
    """What this deployment lets webhooks be sent to; the defaults are those of production.

    ``ports``: none means any. ``plain_http``: development, where ``http`` and names of one label are good as well.
    ``ip_literals``: an address may stand for the name. ``own_hosts``: names of this suite, in lower case.
    """

    ports: frozenset[int] = frozenset({443, 8443})
    plain_http: bool = False
    ip_literals: bool = False
    own_hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Target:
    """A URL in its parts. ``host``: lower-case ASCII, an IPv6 address without brackets; ``path`` with the query."""

    is_tls: bool
    host: str
    port: int
    path: str

    @property
    def scheme(self) -> str:
        return "https" if self.is_tls else "http"

    @property
    def authority(self) -> str:
        """Host and port as the ``Host`` header names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The one way to write it."""
        return f"{self.scheme}://{self.authority}{self.path}"


def parse_target(url: str, rules: TargetRules) -> Target:
    """The target that ``url`` names; refuses with ``TargetRefused`` and its reason.

    Whether the host's addresses may be reached is not judged here but whenever one of them is dialled.
    """
    if len(url) > LONGEST_URL:
        raise TargetRefused(reason="length")
    if not url.isprintable() or " " in url or "\\" in url:
        raise TargetRefused(reason="characters")
    if "#" in url:
        raise TargetRefused(reason="fragment")
    parts = _URL.fullmatch(url)
    if parts is None:
        raise TargetRefused(reason="form")
    scheme = parts["scheme"].lower()
    if scheme not in DEFAULT_PORTS or (scheme == "http" and not rules.plain_http):
        raise TargetRefused(reason="scheme")
    if "@" in parts["authority"]:
        raise TargetRefused(reason="credentials")
    authority = _AUTHORITY.fullmatch(parts["authority"])
    if authority is None:
        raise TargetRefused(reason="form")
    host = _host(authority["host"], rules)
    port = int(authority["port"] or DEFAULT_PORTS[scheme])
    if not 0 < port < 65536 or (rules.ports and port not in rules.ports):
        raise TargetRefused(reason="port")
    path = (parts["path"] or "/") + (parts["query"] or "")
    if not _PATH.fullmatch(path):
        raise TargetRefused(reason="path")
    return Target(scheme == "https", host, port, path)


def _host(written: str, rules: TargetRules) -> str:
    """The host in lower-case ASCII, as names are asked for and certificates name it."""
    host = _literal(written)
    if host is not None:
        if not rules.ip_literals:
            raise TargetRefused(reason="ip_literal")
    else:
        labels = [_ascii(label) for label in written.split(".")]
        host = ".".join(labels)
        is_local = len(labels) == 1 or labels[-1] == "localhost"
        if len(host) > LONGEST_HOST or (is_local and not rules.plain_http):
            raise TargetRefused(reason="host")
    if host in rules.own_hosts:
        raise TargetRefused(reason="own_host")
    return host


def _literal(written: str) -> str | None:
    """The IP address that stands for the host; None for a name. Refuses numbers in any other notation."""
    last = written.rpartition(".")[2].lower()
    try:
        if written.startswith("["):
            in_brackets = _IPV6.fullmatch(written)
            return str(IPv6Address(in_brackets["address"] if in_brackets else ""))
        return str(IPv4Address(written)) if _NUMBER.fullmatch(last) else None
    except AddressValueError:
        raise TargetRefused(reason="ip_literal") from None


def _ascii(label: str) -> str:
    """The label in LDH form, lower case; an internationalised one must already be written as IDNA would write it."""
    if label.isascii():
        ascii_label = label.lower()
    else:
        try:
            ascii_label = label.encode("idna").decode("ascii")
            is_unchanged = ascii_label.encode("ascii").decode("idna") == label
        except UnicodeError:
            is_unchanged = False
        if not is_unchanged:
            raise TargetRefused(reason="host")
    if not _LABEL.fullmatch(ascii_label):
        raise TargetRefused(reason="host")
    return ascii_label
