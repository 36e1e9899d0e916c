"""Hostile PDF files: a few kB each, made to fill the memory, to run without end, or to break who reads them."""

import zlib
from collections.abc import Callable, Mapping

CATALOGUE, PAGES, PAGE, CONTENT = 1, 2, 3, 4
LARGE = 300_000_000  # bytes once inflated: far above what a contract weighs
OPERATION = b"1 0 0 1 0 0 cm\n"
HELLO = b"BT /F 12 Tf 50 700 Td (Bonjour) Tj ET"
FONT = b"/Resources << /Font << /F << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"


def written(objects: Mapping[int, bytes], *, trailer: bytes = b"", startxref: int | None = None) -> bytes:
    """A PDF of those objects, with its table: `trailer` adds to its dictionary, `startxref` lies about its place."""
    body, places = _laid_out(objects)
    table = b"".join(b"%d 1\n%010d 00000 n \n" % pair for pair in places.items())
    start = len(body) if startxref is None else startxref
    return b"%sxref\n%strailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n" % (
        *(body, table, max(objects) + 1, trailer),
        start,
    )


def _laid_out(objects: Mapping[int, bytes]) -> tuple[bytes, dict[int, int]]:
    """The header and the objects, and where each begins."""
    body, places = bytearray(b"%PDF-1.7\n"), {}
    for number, content in objects.items():
        places[number] = len(body)
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    return bytes(body), places


def stream(content: bytes, entries: bytes = b"") -> bytes:
    return b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), entries, content)


def inflating(unit: bytes = OPERATION, size: int = LARGE, times: int = 1, first: bytes = b"") -> bytes:
    """What inflates to `size` bytes of the same words, `times` over: about a thousandth of it, the first time."""
    squeezer, piece = zlib.compressobj(1), unit * (1_000_000 // len(unit))
    pieces = [first, *[piece] * (size // len(piece))]
    packed = b"".join(map(squeezer.compress, pieces)) + squeezer.flush()
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    filters = b" ".join([b"/FlateDecode"] * times)
    return stream(packed, b"/Filter [%s]" % filters)


def one_page(**more: bytes) -> dict[int, bytes]:
    """The objects of a document of one page: `page`, `content`, `catalogue` and `pages` change them."""
    return {
        CATALOGUE: b"<< /Type /Catalog /Pages 2 0 R %s >>" % more.get("catalogue", b""),
        PAGES: more.get("pages", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
        PAGE: b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 850] /Contents 4 0 R %s >>"
        % more.get("page", FONT),
        CONTENT: more.get("content", stream(HELLO)),
    }


def content_bomb() -> bytes:
    return written(one_page(content=inflating()))


def nested_content_bomb() -> bytes:
    return written(one_page(content=inflating(times=2)))


def text_bomb() -> bytes:
    """Below the ceiling of what a stream may inflate to, and yet ten million words."""
    return written(one_page(content=inflating(b"BT /F 9 Tf (mot ) Tj ET\n", size=70_000_000)))


def image_bomb() -> bytes:
    """A picture that says it is 100,000 pixels wide and high."""
    picture = b"/Type /XObject /Subtype /Image /Width 100000 /Height 100000 /BitsPerComponent 8 /ColorSpace /DeviceRGB"
    drawn = one_page(page=b"/Resources << /XObject << /I 5 0 R >> >>", content=stream(b"/I Do"))
    return written({**drawn, 5: stream(zlib.compress(b"\0" * 1000), picture + b" /Filter /FlateDecode")})


def page_loop() -> bytes:
    return written(one_page(pages=b"<< /Type /Pages /Kids [3 0 R 2 0 R] /Count 9 /Parent 2 0 R >>"))


def same_page(times: int = 100_000) -> bytes:
    """The same page a hundred thousand times."""
    kids = b" ".join([b"3 0 R"] * times)
    return written(one_page(pages=b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, times)))


def multiplied_pages() -> bytes:
    """Twelve floors of a page tree, each of which names the next ten times: 10¹² pages in a thousand bytes."""
    floors = {
        number: b"<< /Type /Pages /Parent %d 0 R /Count 1000000 /Kids [%s] >>"
        % (number - 1, b" ".join([b"%d 0 R" % (number + 1)] * 10))
        for number in range(10, 22)
    }
    last = b"<< /Type /Page /Parent 21 0 R /MediaBox [0 0 9 9] >>"
    return written({**one_page(pages=floors[10]), **floors, 22: last})


def deep_pages(depth: int = 50_000) -> bytes:
    """A page under fifty thousand floors."""
    floors = {
        number: b"<< /Type /Pages /Count 1 /Parent %d 0 R /Kids [%d 0 R] >>" % (number - 1, number + 1)
        for number in range(10, 10 + depth)
    }
    last = b"<< /Type /Page /Parent %d 0 R /MediaBox [0 0 9 9] >>" % (9 + depth)
    objects = one_page(pages=b"<< /Type /Pages /Count 1 /Kids [10 0 R] >>")
    return written({**objects, **floors, 10 + depth: last})


def deep_dictionaries(depth: int = 200_000) -> bytes:
    return written(one_page(catalogue=b"/Names " + b"<</A " * depth + b"1" + b">>" * depth))


def deep_content(depth: int = 500_000) -> bytes:
    return written(one_page(content=stream(b"[" * depth + b"]" * depth + b" TJ")))


def object_stream_bomb() -> bytes:
    """An object stream that inflates to several hundred MB, and a table of cross-references that sends to it."""
    packed = inflating(b" " * 16, first=b"6 0 << >>").replace(b"<< ", b"<< /Type /ObjStm /N 1 /First 4 ", 1)
    objects = one_page(catalogue=b"/AcroForm 6 0 R", page=b"/Resources 6 0 R")
    return _with_xref_stream({**objects, 5: packed}, inside=5)


def _with_xref_stream(objects: dict[int, bytes], *, inside: int) -> bytes:
    """A file whose table is a stream; object 6 lies inside that object stream."""
    body, places = _laid_out(objects)
    places[7] = len(body)
    rows = {number: b"\1" + place.to_bytes(4, "big") + b"\0" for number, place in places.items()}
    rows[6] = b"\2" + inside.to_bytes(4, "big") + b"\0"
    table = b"".join(rows.get(number, b"\0" * 6) for number in range(8))
    entries = b"/Type /XRef /Size 8 /W [1 4 1] /Root 1 0 R"
    return body + b"7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (stream(table, entries), places[7])


def xref_stream_bomb() -> bytes:
    """A table of cross-references that inflates to several hundred MB."""
    packed = inflating(b"\1\0\0\0\x09\0").replace(
        b"<< ", b"<< /Type /XRef /Size 99999999 /W [1 4 1] /Root 1 0 R ", 1
    )
    body = _laid_out(one_page())[0]
    return body + b"7 0 obj\n%s\nendobj\nstartxref\n%d\n%%%%EOF\n" % (packed, len(body))


def xref_loop() -> bytes:
    """A table of cross-references that says the one before it is itself."""
    start = written(one_page()).rindex(b"xref\n", 0, -30)
    return written(one_page(), trailer=b"/Prev %d" % start)


def nested_forms(floors: int = 9) -> bytes:
    """A drawing of ten drawings of ten drawings: a thousand million of them in two thousand bytes."""
    drawn = one_page(page=b"/Resources << /XObject << /X 10 0 R >> >>", content=stream(b"/X Do"))
    forms = {
        number: stream(
            b"/X Do " * 10,
            b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X %d 0 R >> >>"
            % (number + 1),
        )
        for number in range(10, 10 + floors)
    }
    last = stream(HELLO, b"/Type /XObject /Subtype /Form /BBox [0 0 9 9] " + FONT)
    return written({**drawn, **forms, 10 + floors: last})


def attachment_bomb() -> bytes:
    """A file attached that inflates to several hundred MB."""
    names = b"/Names << /EmbeddedFiles << /Names [(bombe) 5 0 R] >> >>"
    spec = b"<< /Type /Filespec /F (bombe) /EF << /F 6 0 R >> >>"
    return written({**one_page(catalogue=names), 5: spec, 6: inflating()})


def deep_fields(depth: int = 20_000) -> bytes:
    """A field under twenty thousand others."""
    fields = {n: b"<< /T (a) /Kids [%d 0 R] >>" % (n + 1) for n in range(10, 10 + depth)}
    last = {10 + depth: b"<< /T (z) /FT /Sig >>"}
    return written({**one_page(catalogue=b"/AcroForm << /Fields [10 0 R] >>"), **fields, **last})


def signature_bomb() -> bytes:
    """A signature whose content is said to lie far beyond the end, many times over."""
    ranges = b" ".join(b"0 9999999999" for _ in range(1000))
    form = b"/AcroForm << /SigFlags 3 /Fields [5 0 R] >>"
    field = b"<< /FT /Sig /T (a) /V 6 0 R /Subtype /Widget /Rect [0 0 0 0] >>"
    value = b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange [%s] /Contents <%s> >>"
    return written({**one_page(catalogue=form), 5: field, 6: value % (ranges, b"30" * 4000)})


def many_annotations(times: int = 1_000_000) -> bytes:
    """A page with the same note a million times."""
    note = b"<< /Type /Annot /Subtype /Stamp /Rect [0 0 600 850] >>"
    return written({**one_page(page=FONT + b"/Annots [%s]" % b" ".join([b"5 0 R"] * times)), 5: note})


def truncated() -> bytes:
    whole = written(one_page())
    return whole[: len(whole) // 3]


BOMBS: Mapping[str, Callable[[], bytes]] = {
    made.__name__: made
    for made in (
        *(content_bomb, nested_content_bomb, text_bomb, image_bomb, page_loop, same_page, multiplied_pages),
        *(deep_pages, deep_dictionaries, deep_content, object_stream_bomb, xref_stream_bomb, xref_loop),
        *(nested_forms, attachment_bomb, deep_fields, signature_bomb, many_annotations, truncated),
    )
}
