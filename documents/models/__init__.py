"""Issued documents (number, frozen data, bytes and digest) and deposited files."""

from documents.models.document import CompteurDocument, Document, DocumentContenu
from documents.models.piece import Piece, PieceContenu

__all__ = ["CompteurDocument", "Document", "DocumentContenu", "Piece", "PieceContenu"]
