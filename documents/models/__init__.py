"""Issued documents: number, frozen data, bytes and digest."""

from documents.models.document import CompteurDocument, Document, DocumentContenu

__all__ = ["CompteurDocument", "Document", "DocumentContenu"]
