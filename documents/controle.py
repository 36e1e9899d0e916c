"""Checks, on the bytes of a PDF, what PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1) ask of our documents.

Not a full validator: it covers what a template or a library upgrade can break, and says it in French.
"""

import io
import re
from collections.abc import Iterator
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pikepdf

_HEADING = re.compile(r"/H([1-6])")
_SPACES = {"pdfaid": "http://www.aiim.org/pdfa/ns/id/", "pdfuaid": "http://www.aiim.org/pdfua/ns/id/"}
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"
_EXTENSION = "http://www.aiim.org/pdfa/ns/schema#"
_ACTIONS = {"/URI", "/GoTo"}
_SHOWN = {"Tj", "TJ", "'", '"', "Do", "f", "f*", "S", "s", "B", "B*", "b", "b*", "sh"}
_MARKS = {"BMC", "BDC", "EMC"}


class Node(NamedTuple):
    """A structure element in reading order, with the types of its ancestors, outermost first."""

    kind: str
    element: Any
    ancestors: tuple[str, ...]


def check_pdf(octets: bytes) -> list[str]:
    """What is wrong with a document, one French sentence each; empty when nothing is.

    A damaged file is a complaint, not an exception.
    """
    try:
        with pikepdf.open(io.BytesIO(octets)) as pdf:
            return list(dict.fromkeys(_complaints(pdf)))
    except (
        pikepdf.PdfError,
        ElementTree.ParseError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
    ) as error:
        return [f"Le fichier ne se lit pas comme un PDF : {error}"]


def _complaints(pdf: pikepdf.Pdf) -> Iterator[str]:
    yield from _check_identity(pdf)
    yield from _check_catalogue(pdf)
    nodes = list(_walk(pdf))
    yield from _check_headings(nodes)
    yield from _check_tables(nodes)
    yield from _check_lists(nodes)
    yield from _check_figures(nodes)
    yield from _check_pages(pdf, nodes)
    yield from _check_fonts(pdf)
    yield from _check_actions(pdf)
    yield from _check_attachments(pdf)


def _check_identity(pdf: pikepdf.Pdf) -> Iterator[str]:
    if pdf.is_encrypted:
        yield "Le document est chiffré."
    if "/ID" not in pdf.trailer:
        yield "Le document n'a pas d'identifiant de fichier."
    metadata = pdf.Root.get("/Metadata")
    if metadata is None:
        yield "Les métadonnées XMP manquent."
        return
    values = _xmp(metadata.read_bytes())
    if values.get("pdfaid:part") != "3" or values.get("pdfaid:conformance") != "A":
        yield "Les métadonnées n'annoncent pas PDF/A-3a."
    if values.get("pdfuaid:part") != "1":
        yield "Les métadonnées n'annoncent pas PDF/UA-1."
    elif "pdfuaid" not in values["extensions"]:
        yield "Le schéma de l'identifiant PDF/UA n'est pas décrit, comme PDF/A le demande."


def _xmp(content: bytes) -> dict[str, str]:
    """Identification properties, be they attributes or elements, and the prefixes of described extensions."""
    if b"<!" in content:
        raise ValueError(
            "métadonnées avec des entités"
        )  # no file of ours has any, and they are how XML explodes
    root = ElementTree.fromstring(content)  # noqa: S314 (entities are refused above)
    values: dict[str, str] = {
        "extensions": " ".join(e.text or "" for e in root.iter(f"{{{_EXTENSION}}}prefix"))
    }
    for description in root.iter(_RDF):
        pairs = [*description.items(), *((child.tag, child.text or "") for child in description)]
        for prefix, space in _SPACES.items():
            values |= {
                f"{prefix}:{name[len(space) + 2 :]}": value
                for name, value in pairs
                if name.startswith(f"{{{space}}}")
            }
    return values


def _check_catalogue(pdf: pikepdf.Pdf) -> Iterator[str]:
    root: Any = pdf.Root
    trailer: Any = pdf.trailer
    if not root.get("/MarkInfo", {}).get("/Marked", False):
        yield "Le document n'est pas déclaré balisé."
    if "/StructTreeRoot" not in root:
        yield "L'arbre des balises manque."
    if not str(root.get("/Lang", "")):
        yield "La langue du document n'est pas dite."
    if not str(trailer.get("/Info", {}).get("/Title", "")):
        yield "Le titre du document manque."
    if not root.get("/ViewerPreferences", {}).get("/DisplayDocTitle", False):
        yield "Le titre n'est pas affiché à la place du nom de fichier."
    intents: list[Any] = root.get("/OutputIntents", [])
    if not any(i.get("/S") == "/GTS_PDFA1" and "/DestOutputProfile" in i for i in intents):
        yield "Le profil de couleur de sortie manque."
    if "/AcroForm" in root:
        yield "Le document contient un formulaire."


def _walk(pdf: pikepdf.Pdf) -> Iterator[Node]:
    """Structure elements in reading order."""
    tree = pdf.Root.get("/StructTreeRoot")
    waiting: list[tuple[Any, tuple[str, ...]]] = (
        [(kid, ()) for kid in reversed(_kids(tree))] if tree is not None else []
    )
    while waiting:
        element, ancestors = waiting.pop()
        if not isinstance(element, pikepdf.Dictionary) or "/S" not in element:
            continue
        kind = str(element.S)
        yield Node(kind, element, ancestors)
        waiting.extend((kid, (*ancestors, kind)) for kid in reversed(_kids(element)))


def _kids(element: Any) -> list[Any]:
    kids = element.get("/K", [])
    return list(kids) if isinstance(kids, pikepdf.Array) else [kids]


def _check_headings(nodes: list[Node]) -> Iterator[str]:
    levels = [int(match[1]) for node in nodes if (match := _HEADING.fullmatch(node.kind))]
    if 1 not in levels:
        yield "Aucun titre de niveau 1."
    for before, level in zip([0, *levels], levels, strict=False):
        if level > before + 1:
            yield f"Un titre de niveau {level} suit un titre de niveau {before}."


def _check_tables(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.kind == "/TH" and str(_attributes(node.element).get("/Scope", "")) not in (
            "/Column",
            "/Row",
            "/Both",
        ):
            yield "Une cellule d'en-tête ne dit pas si elle vaut pour sa ligne ou sa colonne."
        if node.kind == "/TR" and not {"/Table", "/THead", "/TBody", "/TFoot"} & set(node.ancestors[-1:]):
            yield "Une ligne de tableau est hors d'un tableau."
        if node.kind in ("/TH", "/TD") and node.ancestors[-1:] != ("/TR",):
            yield "Une cellule de tableau est hors d'une ligne."
        if node.kind == "/Table" and "/TH" not in {below.kind for below in _below(node)}:
            yield "Un tableau n'a pas de cellule d'en-tête."


def _attributes(element: Any) -> dict[str, Any]:
    found: Any = element.get("/A", {})
    parts = list(found) if isinstance(found, pikepdf.Array) else [found]
    return {
        key: value for part in parts if isinstance(part, pikepdf.Dictionary) for key, value in part.items()
    }


def _below(node: Node) -> Iterator[Node]:
    waiting = _kids(node.element)
    while waiting:
        element = waiting.pop()
        if isinstance(element, pikepdf.Dictionary) and "/S" in element:
            yield Node(str(element.S), element, ())
            waiting.extend(_kids(element))


def _check_lists(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.ancestors[-1:] == ("/L",) and node.kind not in ("/LI", "/L", "/Caption"):
            yield "Une liste contient autre chose que ses éléments."
        if node.kind == "/LI" and node.ancestors[-1:] != ("/L",):
            yield "Un élément de liste est hors d'une liste."


def _check_figures(nodes: list[Node]) -> Iterator[str]:
    for node in nodes:
        if node.kind == "/Figure" and not str(node.element.get("/Alt", node.element.get("/ActualText", ""))):
            yield "Une image n'a pas de texte de remplacement."


def _check_pages(pdf: pikepdf.Pdf, nodes: list[Node]) -> Iterator[str]:
    reached = {node.element.objgen for node in nodes}
    parents = _parent_tree(pdf)
    for number, page in enumerate(pdf.pages, start=1):
        annotations = list(page.obj.get("/Annots", []))
        if annotations and page.obj.get("/Tabs") != "/S":
            yield f"Page {number} : l'ordre de tabulation ne suit pas les balises."
        for annotation in annotations:
            yield from _check_annotation(number, annotation, parents, reached)
        owners = parents.get(int(page.obj.get("/StructParents", -1)), [])
        yield from _check_content(number, page, owners, reached)


def _parent_tree(pdf: pikepdf.Pdf) -> dict[int, Any]:
    root: Any = pdf.Root
    tree = root.get("/StructTreeRoot", {}).get("/ParentTree")
    return {} if tree is None else dict(pikepdf.NumberTree(tree).items())


def _check_annotation(
    number: int, annotation: Any, parents: dict[int, Any], reached: set[Any]
) -> Iterator[str]:
    if not str(annotation.get("/Contents", "")):
        yield f"Page {number} : un lien n'a pas de description."
    owner = parents.get(int(annotation.get("/StructParent", -1)))
    if owner is None or owner.objgen not in reached:
        yield f"Page {number} : un lien n'est rattaché à aucune balise."
    if annotation.get("/Subtype") != "/Link":
        yield f"Page {number} : une annotation n'est pas un lien."
    if not int(annotation.get("/F", 0)) & 4:
        yield f"Page {number} : un lien n'est pas imprimable."


def _check_content(number: int, page: pikepdf.Page, owners: Any, reached: set[Any]) -> Iterator[str]:
    """All that is painted is either owned by an element of the tree or marked as an artifact."""
    marks: list[bool] = []
    operations: Any = pikepdf.parse_content_stream(page, " ".join(_SHOWN | _MARKS))
    for operands, operator in operations:
        name = str(operator)
        if name == "EMC":
            marks.pop()
        elif name in _MARKS:
            marks.append(_is_accounted(operands, owners, reached))
        elif not any(marks):
            yield f"Page {number} : un contenu n'est ni balisé ni écarté de la lecture."
            return


def _is_accounted(operands: Any, owners: Any, reached: set[Any]) -> bool:
    if str(operands[0]) == "/Artifact":
        return True
    mcid = (
        int(operands[1].get("/MCID", -1))
        if len(operands) > 1 and isinstance(operands[1], pikepdf.Dictionary)
        else -1
    )
    if not 0 <= mcid < len(owners):
        return False
    owner = owners[mcid]
    return isinstance(owner, pikepdf.Dictionary) and owner.objgen in reached


def _check_fonts(pdf: pikepdf.Pdf) -> Iterator[str]:
    for font in pdf.objects:
        if not isinstance(font, pikepdf.Dictionary) or font.get("/Type") != "/Font":
            continue
        name = str(font.get("/BaseFont", "?"))
        if "/FontDescriptor" in font and not {"/FontFile", "/FontFile2", "/FontFile3"} & set(
            font.FontDescriptor.keys()
        ):
            yield f"La police {name} n'est pas incorporée."
        if font.get("/Subtype") == "/Type0" and "/ToUnicode" not in font:
            yield f"La police {name} ne dit pas quels caractères elle dessine."
        if font.get("/Subtype") not in ("/Type0", "/Type3") and "/FontDescriptor" not in font:
            yield f"La police {name} n'est pas incorporée."


def _check_actions(pdf: pikepdf.Pdf) -> Iterator[str]:
    if "/JavaScript" in pdf.Root.get("/Names", {}):
        yield "Le document contient un script."
    for thing in pdf.objects:
        if not isinstance(thing, pikepdf.Dictionary):
            continue
        if "/JS" in thing or thing.get("/S") == "/JavaScript":
            yield "Le document contient un script."
        for action in _actions(thing):
            if str(action.get("/S")) not in _ACTIONS:
                yield f"Le document déclenche une action interdite : {action.get('/S')}."
    if "/AA" in pdf.Root:
        yield "Le document déclenche des actions de lui-même."


def _actions(thing: Any) -> list[Any]:
    candidates = [thing.get("/OpenAction"), thing.get("/A") if thing.get("/Type") == "/Annot" else None]
    return [action for action in candidates if isinstance(action, pikepdf.Dictionary)]


def _check_attachments(pdf: pikepdf.Pdf) -> Iterator[str]:
    associated = {spec.objgen for spec in pdf.Root.get("/AF", [])}
    for spec in pdf.objects:
        if isinstance(spec, pikepdf.Dictionary) and spec.get("/Type") == "/Filespec":
            if "/AFRelationship" not in spec or spec.objgen not in associated:
                yield "Une pièce jointe ne dit pas son lien avec le document."
            if "/UF" not in spec or "/Subtype" not in spec.EF.F:
                yield "Une pièce jointe n'a pas de nom ou de type."
