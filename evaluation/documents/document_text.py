"""The text of a document: plain text, Markdown, PDF, Word, OpenDocument, RTF or HTML."""

from __future__ import annotations

import html
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec

from common.extras import ensure
from common.project import PROJECT
from evaluation.documents.find_document import find_document
from evaluation.submission.submission import LONGEST_TEXT, decode_text
from pybrain_runtime.errors import MissingPackage

PDF_PACKAGE = "pypdf"
_PAGES, _PART = 60, 8 * 1024 * 1024
_DOCX, _ODT = "word/document.xml", "content.xml"
NOT_TEXT = "it is not a text file"
"""The problem of a document that no reader understands."""
_BREAKS = re.compile(r"</(?:w:p|w:tr|text:p|text:h|text:list-item|p|div|li|h[1-6]|tr)>|<(?:w:br|br)\s*/?>")
_ITEM = re.compile(r"<w:numPr>|<text:list-item>|<li>")
_TAG = re.compile(r"<[^<>]*>")
_HIDDEN = re.compile(r"(?is)<(script|style|head)\b.*?</\1>")
_RTF_GROUP = re.compile(r"\{\\(?:\*|fonttbl|colortbl|stylesheet|info)[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_RTF_WORD = re.compile(r"\\'([0-9a-fA-F]{2})|\\(par|line)\b ?|\\u(-?\d+) ?\??|\\[a-z]+-?\d* ?|[{}]")


@dataclass(frozen=True)
class DocumentText:
    """The text of a document.

    Attributes:
        text: the text; empty if it cannot be read.
        form: ``text``, ``PDF``, ``Word``, ``OpenDocument``, ``RTF`` or ``HTML``.
        problem: why it cannot be read; empty if it can.
        by_a_person: whether a person may be able to read it, so that the tutor decides.
    """

    text: str
    form: str = "text"
    problem: str = ""
    by_a_person: bool = False


def read_document(name: str, content: bytes) -> DocumentText:
    """Return the text of a document, whose form is recognized by its content, not by its name.

    Args:
        name: the name of the document.
        content: the content of the document.
    """
    if content[:1024].lstrip().startswith(b"%PDF"):
        return _read_pdf(content)
    if content.startswith(b"PK\x03\x04"):
        return _read_zipped(content)
    if content.startswith(b"{\\rtf"):
        return DocumentText(_rtf_text(content[:_PART].decode("latin-1")), "RTF")
    text, written_in = decode_text(content[:LONGEST_TEXT])
    if b"\0" in content and written_in != "utf-16":
        return DocumentText("", problem=NOT_TEXT)
    if name.lower().endswith((".html", ".htm")):
        return DocumentText(_marked_up_text(_HIDDEN.sub("", text)), "HTML")
    return DocumentText(text)


def install_pdf_reader(files: Sequence[str], documents: Sequence[str], say: Callable[[str], None]) -> None:
    """Install the PDF reader if one of the documents is a PDF; without it, a tutor has to read the document.

    Args:
        files: the files of the submission.
        documents: the names of the documents in the rubric.
        say: called with one line before the installation.
    """
    if any(find_document(files, name).lower().endswith(".pdf") for name in documents):
        with suppress(MissingPackage):
            ensure("pdf", PROJECT, say)


def _read_pdf(content: bytes) -> DocumentText:
    if find_spec(PDF_PACKAGE) is None:
        problem = f"it is a PDF, and the package {PDF_PACKAGE}, which reads it, is not installed"
        return DocumentText("", "PDF", problem, by_a_person=True)
    import pypdf  # of the extra `pdf`
    from pypdf.errors import PyPdfError

    try:
        reader = pypdf.PdfReader(io.BytesIO(content))
        pages = [page.extract_text() for page in reader.pages[:_PAGES]]
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        OSError,
        zlib.error,
    ) as error:
        problem = f"its text cannot be extracted from the PDF: {str(error)[:120] or type(error).__name__}"
        return DocumentText("", "PDF", problem, by_a_person=True)
    text = "\n".join(line.strip() for page in pages for line in page.splitlines())
    if not re.search(r"[^\W\d_]{2}", text):
        return DocumentText("", "PDF", "the PDF contains no text, only pictures", by_a_person=True)
    return DocumentText(text[:LONGEST_TEXT], "PDF")


def _read_zipped(content: bytes) -> DocumentText:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist()[:1000])
            part = next((name for name in (_DOCX, _ODT) if name in names), "")
            if not part:
                return DocumentText("", problem=NOT_TEXT)
            with archive.open(part) as file:
                markup = file.read(_PART).decode("utf-8", "replace")
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError) as error:
        return DocumentText("", "Word", f"it cannot be read: {error}", by_a_person=True)
    return DocumentText(_marked_up_text(markup), "Word" if part == _DOCX else "OpenDocument")


def _marked_up_text(markup: str) -> str:
    """Return the text between tags, with a line for each paragraph; entities are not defined by a document."""
    lines = _BREAKS.sub("\n", _ITEM.sub("- ", markup))
    return html.unescape(_TAG.sub("", lines))[:LONGEST_TEXT]


def _rtf_text(text: str) -> str:
    def written(match: re.Match[str]) -> str:
        if match[1]:
            return bytes([int(match[1], 16)]).decode("cp1252", "replace")
        if match[3]:
            return chr(int(match[3]) % 65_536)
        return "\n" if match[2] else ""

    return _RTF_WORD.sub(written, _RTF_GROUP.sub("", text))[:LONGEST_TEXT]
