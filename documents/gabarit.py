"""From frozen data to bytes: the template of a document, its title, its instant and its source attached."""

import json
from typing import Any

from django.template.loader import render_to_string

from documents.models import Document
from documents.rendu import Attachment, render_pdf


def render_document(template: str, context: dict[str, Any], document: Document) -> bytes:
    """Render an issued document: dated from its reservation, so that rendering again gives the same bytes."""
    source = json.dumps(document.source, ensure_ascii=False, indent=1, sort_keys=True).encode()
    attachment = Attachment(
        name=f"{document.reference}.json", content=source, description="Données du document"
    )
    return render_pdf(
        render_to_string(template, context),
        title=f"{document.titre} – {document.reference}",
        created_at=document.reserve_at,
        attachments=[attachment],
    )
