"""A zip archive of XML parts, each of which is measured before anybody makes objects of it (M10)."""

import io
from typing import IO, Any
from xml.parsers import expat
from zipfile import ZipFile, ZipInfo

from services.membership.domain.errors import MemberListUnreadable
from services.membership.domain.member_list import refuse_below_the_last_line

NO_WORKBOOK = "not an XLSX workbook"
TOO_LARGE = "larger than a member list can be"

MOST_PARTS = 1_000
MOST_BYTES = 128 * 1024 * 1024
MOST_BYTES_READ_WHOLE = 4 * 1024 * 1024
MOST_BYTES_HANDED_OUT = 4 * MOST_BYTES
MOST_EXPANSION = 200
HARMLESS_BYTES = 1024 * 1024
MOST_ELEMENTS = 12_000_000
MOST_ELEMENTS_READ_WHOLE = 200_000
MOST_REPEATED = 1_048_576
MOST_BETWEEN = 50_000
MOST_CHARACTERS_HELD = 24 * 1024 * 1024
BLOCK = 64 * 1024
MOST_SILENT_BLOCKS = 16


class GaugedArchive(ZipFile):
    """Opens parts only as far as a member list can need them; refuses with ``MemberListUnreadable``.

    Sizes are checked before anything is unpacked. A part that is read whole, for a tree to be made of it, is small;
    one that is read as a stream may be large, but not what its reader holds of it at a time. So it does not matter
    what a part is called, and what nobody opens is not even unpacked. ``last_lines``: of each part that was opened,
    the number of its last row that holds a value; 0 where it has none.
    """

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data))
        self.last_lines: dict[str, int] = {}
        self._handed_out = 0
        parts = self.infolist()
        if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_BYTES:
            raise MemberListUnreadable(reason=TOO_LARGE)
        for part in parts:
            if part.file_size > max(HARMLESS_BYTES, MOST_EXPANSION * part.compress_size):
                raise MemberListUnreadable(reason=TOO_LARGE)

    def read(self, name: str | ZipInfo, pwd: bytes | None = None) -> bytes:
        """A small part, whole."""
        part = self._part(name)
        if part.file_size > MOST_BYTES_READ_WHOLE:
            raise MemberListUnreadable(reason=TOO_LARGE)
        self._measure(part, _Gauge(MOST_ELEMENTS_READ_WHOLE))
        return super().read(part, pwd)

    def open(self, name: str | ZipInfo, mode: Any = "r", *args: Any, **kwargs: Any) -> IO[bytes]:
        """A part as a stream."""
        part = self._part(name)
        if part.filename not in self.last_lines:
            self.last_lines[part.filename] = self._measure(part, _Gauge(MOST_ELEMENTS))
        self._handed_out += part.file_size
        if self._handed_out > MOST_BYTES_HANDED_OUT:
            raise MemberListUnreadable(reason=TOO_LARGE)
        return super().open(part, mode, *args, **kwargs)

    def _part(self, name: str | ZipInfo) -> ZipInfo:
        return name if isinstance(name, ZipInfo) else self.getinfo(name)

    def _measure(self, part: ZipInfo, gauge: "_Gauge") -> int:
        with super().open(part) as source:
            return gauge.last_line(source)


class _Gauge:
    """Reads XML without keeping any, and refuses more than a reader could hold.

    The reader lets go of a row or a shared string at its end and keeps a stub, and the text of the string: so their
    number is bounded, that of the elements between two of them, and all that is held of texts; bytes that bring no
    element, wherever they stand, are bounded as well.
    """

    def __init__(self, most_elements: int) -> None:
        self._most_elements = most_elements
        self._line = self._last = self._elements = self._repeated = self._between = 0
        self._characters = self._silent = 0
        self._parser = expat.ParserCreate(namespace_separator=" ")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._element
        self._parser.CharacterDataHandler = self._text
        self._parser.StartDoctypeDeclHandler = self._doctype

    def last_line(self, source: IO[bytes]) -> int:
        """The number of the last row that holds a value; refuses one below the last line of a list."""
        while block := source.read(BLOCK):
            self._silent += 1
            self._parser.Parse(block)
            if self._silent > MOST_SILENT_BLOCKS:
                raise MemberListUnreadable(reason=TOO_LARGE)
        self._parser.Parse(b"", True)
        refuse_below_the_last_line(self._last)
        return self._last

    def _element(self, name: str, attributes: dict[str, str]) -> None:
        kind = name.rpartition(" ")[2]
        self._silent = 0
        self._elements += 1
        self._between += 1
        if kind in ("row", "si"):
            self._between = 0
            self._repeated += 1
            self._begin(int(float(attributes.get("r", self._line + 1))))
            if kind == "row":
                self._characters = 0
        elif kind in ("v", "is"):
            self._last = max(self._last, self._line)
        if (
            self._between > MOST_BETWEEN
            or self._repeated > MOST_REPEATED
            or self._elements > self._most_elements
        ):
            raise MemberListUnreadable(reason=TOO_LARGE)

    def _begin(self, line: int) -> None:
        if line <= self._line:  # the library would pass it over
            raise MemberListUnreadable(reason=NO_WORKBOOK)
        self._line = line

    def _text(self, text: str) -> None:
        self._characters += len(text)
        if self._characters > MOST_CHARACTERS_HELD:
            raise MemberListUnreadable(reason=TOO_LARGE)

    @staticmethod
    def _doctype(*_: object) -> None:
        raise MemberListUnreadable(reason=NO_WORKBOOK)
