"""What is made from code says what the code says: lifecycles, events, settings."""

import pytest

from tests.architecture.generate_docs import DOCUMENTS, text_of
from tests.architecture.house import ROOT


@pytest.mark.parametrize("document", DOCUMENTS)
def test_a_generated_document_is_current(document: str) -> None:
    written = (ROOT / document).read_text(encoding="utf-8")
    assert written == text_of(document), f"{document} is stale; run: make docs"
