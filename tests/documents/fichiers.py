"""Files that people deposit, for the tests."""

import io

import pikepdf


def pdf_bytes() -> bytes:
    """A PDF of one blank page."""
    target = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(target)
    return target.getvalue()
