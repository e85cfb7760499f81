"""The parts of a workbook, opened with care: a small file must not unfold into a large one.

Every size is looked at before anything is unpacked, as declared; reading then stops at what was
declared, and XML is parsed in small pieces without document types or entities.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO
from xml.sax import SAXException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl

from defusedxml.common import DefusedXmlException
from defusedxml.sax import make_parser

from payments.bulk.rows import Refused

MIB = 1024 * 1024
MOST_PARTS = 200
MOST_UNPACKED = 120 * MIB
# DEFLATE reaches about 1,000; sheets of payments stay below 40.
MOST_RATIO = 200
SMALL = MIB
PIECE = 64 * 1024
# What says how the rows are stored, not the rows themselves.
MOST_HEAD = 5 * MIB
# An element, name or value of this length is none of a table's.
LONGEST_TOKEN = MIB

_END = struct.Struct("<4s4H2LH")
BOMB = "The workbook unfolds into far more than its size: it is not opened."
BROKEN = "The workbook is damaged: open it in a spreadsheet program and save it again."
XML_REFUSED = "The workbook declares document types or entities: it is not opened."


def open_parts(source: BinaryIO) -> zipfile.ZipFile:
    """The archive of a workbook, with its directory looked at; raises `Refused`."""
    _look_at_directory(source)
    try:
        archive = zipfile.ZipFile(source)
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError, struct.error) as error:
        raise Refused(BROKEN) from error
    members = archive.infolist()
    if len(members) > MOST_PARTS or sum(part.file_size for part in members) > MOST_UNPACKED:
        raise Refused(BOMB)
    for part in members:
        if part.flag_bits & 0x1:
            raise Refused("The workbook is encrypted: save it without a password.")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Refused(BROKEN)
        if part.file_size > SMALL and part.file_size > MOST_RATIO * part.compress_size:
            raise Refused(BOMB)
    if len({part.filename for part in members}) != len(members):
        raise Refused(BROKEN)
    return archive


def _look_at_directory(source: BinaryIO) -> None:
    """The directory's own size: `zipfile` reads all of it before anything else."""
    size = source.seek(0, 2)
    tail_at = max(0, size - (1 << 16) - _END.size)
    source.seek(tail_at)
    tail = source.read()
    source.seek(0)
    at = len(tail) - _END.size
    # As `zipfile` looks for it: at the very end, else the last mark of it.
    if at < 0 or tail[at : at + 4] != b"PK\5\6" or tail[-2:] != b"\0\0":
        at = tail.rfind(b"PK\5\6")
    if at < 0 or at + _END.size > len(tail) or tail[max(0, at - 20) : at].startswith(b"PK\6\7"):
        raise Refused(BROKEN)
    entries, directory = _END.unpack_from(tail, at)[4:6]
    if entries > MOST_PARTS or directory > MIB:
        raise Refused(BOMB)


def pieces(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """A part's bytes, unpacked piece by piece; raises `Refused` where they are not as declared."""
    try:
        with archive.open(name) as part:
            while piece := part.read(PIECE):
                yield piece
    except KeyError as error:
        raise Refused(BROKEN) from error
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError) as error:
        raise Refused(BROKEN) from error


class Elements(ContentHandler):
    """A SAX handler that knows elements by their local name, and that something came at all."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def begin(self, name: str, attrs: AttributesImpl) -> None:
        """An element begins."""

    def end(self, name: str) -> None:
        """An element ends."""

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's own name
        """SAX: an element begins."""
        self.seen += 1
        self.begin(name.rpartition(":")[2], attrs)

    def endElement(self, name: str) -> None:  # noqa: N802 - SAX's own name
        """SAX: an element ends."""
        self.seen += 1
        self.end(name.rpartition(":")[2])

    def characters(self, content: str) -> None:
        """SAX: text."""
        self.seen += 1


def parse(archive: zipfile.ZipFile, name: str, handler: Elements) -> Iterator[None]:
    """Parse a part, giving way after each piece, so that what was found can be taken away."""
    parser = make_parser()
    parser.forbid_dtd = True
    parser.setContentHandler(handler)
    silent, last = 0, -1
    try:
        for piece in pieces(archive, name):
            parser.feed(piece)
            yield
            silent = silent + len(piece) if handler.seen == last else 0
            last = handler.seen
            if silent > LONGEST_TOKEN:
                raise Refused(BOMB)
        parser.close()
        yield
    except DefusedXmlException as error:
        raise Refused(XML_REFUSED) from error
    except (SAXException, ValueError, LookupError) as error:
        raise Refused(BROKEN) from error


def parse_whole(archive: zipfile.ZipFile, name: str, handler: Elements, *, most: int) -> None:
    """Parse a part of at most so many bytes to its end."""
    if name not in archive.namelist():
        raise Refused(BROKEN)
    if archive.getinfo(name).file_size > most:
        raise Refused(BOMB)
    for _ in parse(archive, name, handler):
        pass
