"""Files of a form: looked into, kept through the preview, taken back, forgotten in the end."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.template.loader import render_to_string
from django.utils.datastructures import MultiValueDict
from pytest_django import Settings

from panel.commands.base import Command
from panel.pages.commands.roles import ChangeRole
from panel.ui import staging
from panel.ui.attachments import AttachmentsField, Chosen
from panel.ui.commands import CommandView
from panel.ui.staging import Gone, plain_name, staged
from tests.factories import make_user
from tests.ui.accounts import look

PDF = b"%PDF-1.7\n1 0 obj\n"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(32)


class PapersForm(forms.Form):
    """Several rights and two papers."""

    rights = forms.MultipleChoiceField(
        choices=[("home.view", "Home"), ("audit.view", "Audit"), ("accounts.view", "Accounts")],
        widget=forms.CheckboxSelectMultiple,
    )
    papers = AttachmentsField(kinds=("pdf", "png", "csv"), most=2, largest=2000, required=False)


class PapersView(CommandView):
    """A form with files for a command that needs no trade server."""

    permission: ClassVar[str] = "staff.change"
    title = "Papers"
    form_class = PapersForm

    def get_command(self, cleaned: dict[str, Any]) -> Command:
        return ChangeRole(slug="papers", title="P", description="", rights=tuple(cleaned["rights"]))


@pytest.fixture(autouse=True)
def folder(settings: Settings, tmp_path: Path) -> Path:
    """Uploads wait in a folder of the test's own."""
    settings.MEDIA_ROOT = tmp_path
    return tmp_path / "staged"


def upload(name: str, content: bytes = PDF) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content)


def papers(*new: SimpleUploadedFile, kept: tuple[str, ...] = ()) -> PapersForm:
    """The form with these new files and these tokens."""
    data = MultiValueDict({"rights": ["home.view"], "papers_kept": list(kept)})
    return PapersForm(data, MultiValueDict({"papers": list(new)}))


def kept_in(html: str) -> list[str]:
    return re.findall(r'name="papers_kept" value="([^"]+)"', html)


def test_files_that_are_in_order_are_taken() -> None:
    form = papers(upload("Invoice.PDF"), upload("photo.png", PNG))
    assert form.is_valid(), form.errors
    invoice, photo = form.cleaned_data["papers"]
    assert (invoice.name, invoice.size) == ("Invoice.PDF", len(PDF))
    assert (photo.content_type, photo.path.read_bytes()) == ("image/png", PNG)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (upload("empty.pdf", b""), "is empty"),
        (upload("large.pdf", PDF + bytes(3000)), "at most 2.0\N{NO-BREAK SPACE}KB"),
        (upload("run.exe"), "is not PDF, PNG or CSV"),
        (upload("page.pdf", b"<script>alert(1)</script>"), "its content is something else"),
        (upload("table.csv", PNG), "its content is something else"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_and_the_others_stay(
    file: SimpleUploadedFile, words: str
) -> None:
    file.seek(0)
    form = papers(upload("good.pdf"), file)
    assert not form.is_valid()
    assert words in str(form.errors["papers"])
    assert len(kept_in(str(form["papers"]))) == 1


def test_too_many_files_are_all_shown_for_one_to_be_removed() -> None:
    form = papers(*(upload(f"{n}.pdf", PDF + bytes([n])) for n in range(3)))
    assert not form.is_valid()
    assert "at most 2 can be attached" in str(form.errors["papers"])
    assert len(kept_in(str(form["papers"]))) == 3


def test_the_same_file_counts_once() -> None:
    form = papers(upload("a.pdf"), upload("b.pdf"), upload("c.pdf"))
    assert form.is_valid()
    assert len(form.cleaned_data["papers"]) == 1


def test_required_is_satisfied_by_a_file_that_was_kept() -> None:
    field = AttachmentsField(kinds=("pdf",))
    first = field.clean(Chosen(new=[upload("a.pdf")]))
    assert field.clean(Chosen(kept=[first[0].token])) == first
    with pytest.raises(forms.ValidationError, match="required"):
        field.clean(Chosen())


def test_a_token_that_is_not_ours_or_too_old_brings_no_file(folder: Path) -> None:
    token = _one().token
    assert staged(token).name == "a.pdf"
    for bad in ("", "x", token[:-1] + ("a" if token[-1] != "a" else "b")):
        with pytest.raises(Gone):
            staged(bad)
    staged(token).path.unlink()
    form = papers(kept=(token,))
    assert "attach it again" in str(form.errors["papers"])


def test_a_file_is_kept_for_good_under_a_random_name(tmp_path: Path) -> None:
    file = _one()
    stored = file.keep(tmp_path / "papers")
    assert (tmp_path / "papers" / stored).read_bytes() == PDF
    assert "a.pdf" not in stored
    file.path.unlink()
    assert (tmp_path / "papers" / stored).read_bytes() == PDF


def test_uploads_nobody_sent_are_forgotten(folder: Path) -> None:
    old, new = _one(), _one()
    os.utime(old.path, (1, 1))
    assert staging.sweep() == 1
    assert (old.path.exists(), new.path.exists()) == (False, True)


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("C:\\Users\\a\\pass.pdf", "pass.pdf"),
        ("../../etc/passwd", "passwd"),
        ("in\u202evoice\x00.pdf", "invoice.pdf"),
        ("", "file"),
        ("x" * 300 + ".pdf", "x" * 116 + ".pdf"),
    ],
)
def test_a_name_is_kept_without_folders_and_tricks(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.django_db
def test_files_and_every_choice_go_to_the_preview_and_back() -> None:
    ada = make_user("Ada", "administrator")

    def step(name: str, **fields: Any) -> str:
        posted = {"step": name, "key": "k", "rights": ["home.view", "audit.view"], **fields}
        request = look(ada, "/papers/", posted)
        answer: Any = PapersView.as_view()(request)
        assert answer.status_code == 200, answer.rendered_content
        return str(answer.render().content.decode())

    preview = step("preview", papers=[upload("a.pdf"), upload("b.png", PNG)])
    assert len(kept_in(preview)) == 2
    assert re.findall(r'name="rights" value="([^"]+)"', preview) == ["home.view", "audit.view"]
    form = step("edit", papers_kept=kept_in(preview))
    assert 'enctype="multipart/form-data"' in form
    assert re.findall(r'name="rights" value="(\S+)"[^>]* checked', form) == [
        "home.view",
        "audit.view",
    ]
    assert [*map(staged, kept_in(form))] == [*map(staged, kept_in(preview))]
    assert ("a.pdf" in form, "b.png" in form) == (True, True)
    fewer = step("preview", papers_kept=kept_in(form)[:1], papers=[upload("c.csv", b"a,b\n1,2\n")])
    assert len(kept_in(fewer)) == 2


def test_attached_files_are_listed_with_their_kind_and_size() -> None:
    class Paper:
        """What a page lists."""

        name = "a.pdf"
        size = 1536
        get_absolute_url: Callable[[], str] = staticmethod(lambda: "/papers/1/")

    html = render_to_string("ui/attachments.html", {"attachments": [Paper()]})
    assert 'href="/papers/1/"' in html
    assert "1.5\N{NO-BREAK SPACE}KB" in html
    assert "No files" in render_to_string("ui/attachments.html", {"attachments": []})


def _one() -> staging.Staged:
    form = papers(upload("a.pdf"))
    assert form.is_valid()
    file: staging.Staged = form.cleaned_data["papers"][0]
    return file
