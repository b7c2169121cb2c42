"""`POST /predict/image`: a picture in, the prediction of its inputs out."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from common.project import PROJECT
from pybrain_runtime import load_knowledge
from tests.serving.images.pictures import drawn, encoded, png_chunk, png_header
from tests.serving.servers import Answer, Server

PNG = {"content-type": "image/png"}
THREE = encoded(drawn(3))
FORM = {"content-type": "multipart/form-data; boundary=b"}


def send(server: Server, picture: bytes, query: str = "", headers: dict[str, str] = PNG) -> Answer:
    return server.ask("POST", f"/predict/image{query}", picture, headers)


def form(picture: bytes, name: str = "image") -> bytes:
    head = f'--b\r\nContent-Disposition: form-data; name="{name}"; filename="x.png"\r\n\r\n'
    return head.encode("ascii") + picture + b"\r\n--b--\r\n"


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("digit", range(10))
def test_the_response_is_bit_identical_to_activate_for_the_inputs(
    digits: Server, digit: int, precision: str
) -> None:
    answer = send(digits, encoded(drawn(digit)), f"?include=input&precision={precision}")
    assert answer.status == 200, answer.body
    found, knowledge = answer.json, load_knowledge(PROJECT.models / "digits.pkl")
    expected = knowledge.session(precision=precision).activate(np.array(found["inputs"]))
    assert np.array(found["predictions"]).tobytes() == expected.tobytes()
    assert found["probabilities"] == found["predictions"]
    assert found["labels"] == [str(digit)]
    assert found["classes"] == list("0123456789")
    assert digits.predict(found["inputs"], model="digits", precision=precision).json == {
        key: value for key, value in found.items() if key != "inputs"
    }


def test_a_form_and_a_plain_image_get_the_same_response(digits: Server) -> None:
    expected = send(digits, THREE).json
    assert set(expected) == {"predictions", "labels", "classes", "probabilities", "model"}
    assert send(digits, form(THREE), headers=FORM).json == expected
    for kind in ("image/jpeg", "image/svg+xml", "application/octet-stream", ""):
        assert send(digits, THREE, headers={"content-type": kind}).json == expected


def test_the_first_model_that_accepts_images_is_the_default(digits: Server) -> None:
    assert send(digits, THREE).json["model"]["name"] == "digits"
    assert send(digits, THREE, "?model=digits&version=1").json["model"]["version"] == "1"
    refused = send(digits, THREE, "?model=iris")
    assert (refused.status, refused.json["code"]) == (409, "no_image_input")
    assert "The model iris does not accept images" in refused.json["error"]
    assert refused.json["error"].endswith("Models that accept images: digits.")
    assert send(digits, THREE, "?model=../digits").status == 404
    assert send(digits, THREE, "?model=digits&version=9").status == 404


@pytest.mark.parametrize(
    ("picture", "status", "code"),
    [
        (b"", 422, "invalid_image"),
        (b"%PDF-1.4", 415, "unsupported_image"),
        (png_header(20_000, 20_000) + png_chunk(b"IDAT"), 413, "image_too_large"),
        (THREE[:200], 422, "invalid_image"),
        (encoded(drawn(1), "GIF", save_all=True, append_images=[drawn(2)]), 422, "animated_image"),
        (encoded(Image.new("L", (30, 30), 200)), 409, "blank_image"),
    ],
)
def test_an_image_that_cannot_be_read_is_refused(
    digits: Server, picture: bytes, status: int, code: str
) -> None:
    answer = send(digits, picture)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert answer.json["request_id"] == answer.headers["x-request-id"]


def test_other_requests_are_refused(digits: Server) -> None:
    assert send(digits, THREE, headers={"content-type": "application/json"}).status == 415
    assert send(digits, THREE, headers=FORM).json["code"] == "malformed"
    assert send(digits, form(THREE, "file"), headers=FORM).json["field"] == "file"
    assert send(digits, THREE, "?include=all").json["error"] == "include is 'all'; expected input."
    assert send(digits, THREE, "?precision=float16").json["field"] == "precision"
    assert digits.get("/predict/image").status == 405
    sent = digits.ask("POST", "/predict/image", THREE, {**PNG, "content-encoding": "gzip"})
    assert sent.json["code"] == "unsupported_media_type"
    with digits.raw() as connection:
        connection.sendall(
            b"POST /predict/image HTTP/1.1\r\nhost: localhost\r\ncontent-length: 16777217\r\n\r\n"
        )
        assert connection.recv(100).startswith(b"HTTP/1.1 413 ")


@pytest.mark.slow
def test_many_concurrent_images_each_get_their_own_response(digits: Server) -> None:
    pictures = {digit: encoded(drawn(digit)) for digit in range(10)}

    def is_right(place: int) -> bool:
        answer = send(digits, pictures[place % 10])
        return answer.json["labels"] == [str(place % 10)]

    with ThreadPoolExecutor(16) as clients:
        assert all(clients.map(is_right, range(60)))


def test_models_report_whether_they_accept_images(digits: Server) -> None:
    listed = {model["name"]: model["image"] for model in digits.get("/models").json["models"]}
    assert listed == {"iris": False, "digits": True}
    described = digits.get("/models/digits").json["image"]
    assert (described["size"], described["invert"]) == ([8, 8], "auto")
    assert digits.get("/models/iris").json["image"] is None


def test_the_route_is_documented(digits: Server) -> None:
    route = digits.get("/openapi.json").json["paths"]["/predict/image"]["post"]
    assert set(route["requestBody"]["content"]) == {
        f"image/{kind}" for kind in ("png", "jpeg", "bmp", "webp", "gif")
    }
    assert {"200", "409", "413", "415", "422", "501", "503"} <= set(route["responses"])
    assert [each["name"] for each in route["parameters"]] == ["model", "version", "precision", "include"]
