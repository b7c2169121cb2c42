"""A form has one field, which is the picture."""

from __future__ import annotations

import pytest

from serving.errors import InvalidRequest, MalformedRequest
from serving.requests.multipart import file_of_form

FORM = 'multipart/form-data; charset=utf-8; boundary="the boundary"'
HEAD = b'Content-Disposition: form-data; name="image"; filename="a;name=b.png"\r\nContent-Type: image/png'


def form(*parts: tuple[bytes, bytes], end: bytes = b"--\r\n") -> bytes:
    return b"".join(b"--the boundary\r\n" + head + b"\r\n\r\n" + data + b"\r\n" for head, data in parts) + (
        b"--the boundary" + end
    )


@pytest.mark.parametrize("data", [b"", b"\r\n", b"\x89PNG\r\n\x1a\n--\r\n--the\r\n\r\n", bytes(range(256))])
def test_the_bytes_of_the_file_are_returned(data: bytes) -> None:
    assert file_of_form(form((HEAD, data)), FORM, "image") == data
    assert file_of_form(b"preamble\r\n" + form((HEAD, data)) + b"epilogue", FORM, "image") == data
    plain = b"content-disposition: form-data;name=image"
    assert file_of_form(form((plain, data)), FORM, "image") == data


@pytest.mark.parametrize(
    ("content_type", "message"),
    [
        ("multipart/form-data", "has no valid boundary"),
        ("multipart/form-data; boundary=", "has no valid boundary"),
        ("multipart/form-data; boundary=" + "a" * 71, "has no valid boundary"),
        ('multipart/form-data; boundary="a\r\nb"', "has no valid boundary"),
        ("multipart/form-data; boundary=another", "The form is not complete"),
    ],
)
def test_a_content_type_without_the_boundary_is_refused(content_type: str, message: str) -> None:
    with pytest.raises(MalformedRequest, match=message):
        file_of_form(form((HEAD, b"x")), content_type, "image")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "The form is not complete: its last boundary is missing."),
        (form((HEAD, b"x"), end=b""), "The form is not complete"),
        (form((HEAD, b"x"))[:-30], "The form is not complete"),
        (b"--the boundary\r\nno headers\r\n--the boundary--", "A field of the form has no headers"),
        (form((b"X: " + b"y" * 5000, b"x")), "A field of the form has no headers"),
        (form((b'Content-Disposition: attachment; name="image"', b"x")), "A field of the form has no name."),
        (form((b"Content-Disposition: form-data", b"x")), "A field of the form has no name."),
        (
            form((HEAD + b"\r\nContent-Transfer-Encoding: base64", b"x")),
            "A field of the form has a transfer encoding",
        ),
        (form(*[(HEAD, b"x")] * 9), "The form has more than 8 fields."),
        (form(*[(HEAD, b"")] * 5000), "The form has more than 8 fields."),
    ],
)
def test_a_body_that_is_not_a_form_is_refused(body: bytes, message: str) -> None:
    with pytest.raises(MalformedRequest) as caught:
        file_of_form(body, FORM, "image")
    assert caught.value.message.startswith(message)


def test_exactly_one_field_with_the_image_is_expected() -> None:
    other = HEAD.replace(b'"image"', b'"file\xc3\xa9"')
    for parts, message in (
        ([(HEAD, b"x"), (other, b"y")], "The form has an unknown field 'file\\xe9'; expected image."),
        ([(HEAD, b"x"), (HEAD, b"y")], "The form has 2 fields 'image'; expected exactly one."),
        ([], "The form has 0 fields 'image'; expected exactly one."),
    ):
        with pytest.raises(InvalidRequest) as caught:
            file_of_form(form(*parts), FORM, "image")
        assert caught.value.message == message
