"""The one typeface of our documents, from its wheel: the same glyphs whatever fonts a machine has."""

import hashlib
import io
import os
import zlib
from functools import cache
from pathlib import Path

import font_source_sans_pro
import pydyf
import weasyprint
from fontTools.ttLib import TTFont
from weasyprint.text import fonts
from weasyprint.text.ffi import ffi, fontconfig, gobject, harfbuzz, pango, pangoft2

FOLDER = Path(font_source_sans_pro.font_directory)
# Names under `police:`, those of the @font-face rules of pdf.css.
FACES = {
    "regular": "SourceSansPro-Regular.ttf",
    "italic": "SourceSansPro-It.ttf",
    "semibold": "SourceSansPro-Semibold.ttf",
}
# What stands for a character the face lacks; it is in the three faces.
SUBSTITUTE = "\u25ca"  # ◊

ffi.cdef(
    """
    FcConfig * FcConfigCreate(void);
    int FcGetVersion(void);
    const char * hb_version_string(void);
    const char * pango_version_string(void);
    """
)


class FontConfiguration(fonts.FontConfiguration):
    """WeasyPrint's, but born empty: the faces of our sheets and no font of the system, even as fallback.

    It sets the private attributes that its parent's constructor sets, without calling it.
    """

    def __init__(self) -> None:
        self._pid = os.getpid()
        self._config = fontconfig.FcConfigCreate()
        self.font_map = ffi.gc(pangoft2.pango_ft2_font_map_new(), gobject.g_object_unref)
        pangoft2.pango_fc_font_map_set_config(ffi.cast("PangoFcFontMap *", self.font_map), self._config)
        fontconfig.FcConfigDestroy(self._config)  # the font map keeps its own reference
        self._folder = None
        self.strut_layouts: dict[object, object] = {}
        self.font_features: dict[object, object] = {}

    def is_ours(self) -> bool:
        """Whether this process made it: the files of another may vanish with it."""
        return os.getpid() == self._pid

    def __del__(self) -> None:
        # A forked worker must not remove the files its parent still prints with.
        if self.is_ours():
            super().__del__()


def face(name: str) -> bytes:
    """The bytes of a face of FACES; KeyError for any other name."""
    return (FOLDER / FACES[name]).read_bytes()


@cache
def covered() -> frozenset[str]:
    """Characters that can be printed: those that every face has, line ends and tabs."""
    maps = [set(_open(name).getBestCmap()) for name in FACES]
    return frozenset(map(chr, set.intersection(*maps))) | frozenset("\t\n\r\f")


@cache
def fingerprint() -> str:
    """What the bytes of a document depend on, besides its data and template.

    Two machines that agree on it print the same bytes.
    """
    parts = [
        f"WeasyPrint {weasyprint.__version__}",
        f"pydyf {pydyf.__version__}",
        f"Pango {ffi.string(pango.pango_version_string()).decode()}",
        f"HarfBuzz {ffi.string(harfbuzz.hb_version_string()).decode()}",
        f"fontconfig {fontconfig.FcGetVersion()}",
        f"zlib {zlib.ZLIB_RUNTIME_VERSION}",
    ]
    return " ; ".join([*parts, *(_face_mark(name) for name in FACES)])


def _face_mark(name: str) -> str:
    version = str(_open(name)["name"].getDebugName(5)).split(";")[0].removeprefix("Version ")
    return (
        f"{FACES[name].removesuffix('.ttf')} {version} sha256:{hashlib.sha256(face(name)).hexdigest()[:12]}"
    )


def _open(name: str) -> TTFont:
    return TTFont(io.BytesIO(face(name)), lazy=True)
