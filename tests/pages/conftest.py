"""The app without a browser: every page through app.py, as a visitor gets it."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

import models.trust
from tests.conftest import ROOT
from tests.unit import trusts


class Visitor:
    """One visitor of the app. `at` is Streamlit's own handle on it."""

    def __init__(self):
        # Generous: the first page of all waits for TensorFlow.
        self.at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)

    def open(self, name: str, **query: str) -> AppTest:
        """Open a page by its file's name, with the query of a link."""
        self.at.run()
        self.at.switch_page(f"pages/{name}.py")
        self.at.query_params.clear()
        self.at.query_params.update(query)
        return self.run()

    def run(self) -> AppTest:
        self.at.run()
        assert not self.at.exception, [e.value for e in self.at.exception]
        return self.at

    def upload(self, key: str, name: str, data: bytes) -> AppTest:
        self.at.file_uploader(key).set_value((name, data, "application/octet-stream"))
        return self.run()

    def desk(self, modality: str):
        """What a page knows: `before`, `shown`, `request`, `problem`."""
        return self.at.session_state[f"desk-{modality}"]

    def errors(self) -> list[str]:
        return [error.value for error in self.at.error]


@pytest.fixture(autouse=True)
def quick_tests_of_maps(monkeypatch):
    """Every page that shows a map also tests it, which takes seconds; here made-up results do. Gives the real thing."""
    real = models.trust.assess

    def assess(checkpoint, explanation, *, label, removal, quick, progress, **_):
        return trusts.trust(explanation, label=label, removal=removal, quick=quick)

    monkeypatch.setattr(models.trust, "assess", assess)
    return real


@pytest.fixture
def visitor() -> Visitor:
    return Visitor()
