"""A client for the prediction service, ``App07.py serve``. It needs httpx, but nothing else from this project.

    from app07_client import App07Client

    with App07Client("http://127.0.0.1:8000") as client:
        print(client.predict([[5.1, 3.5, 1.4, 0.2]], model="iris").labels)

See ``docs/serving-clients.md``.
"""

from app07_client.async_client import AsyncApp07Client, AsyncSession
from app07_client.client import App07Client, Session
from app07_client.errors import (
    AccessDenied,
    App07Error,
    ConnectionFailed,
    FileFailed,
    InvalidInput,
    InvalidResponse,
    MissingPackage,
    NotFound,
    RequestRefused,
    ServerFailed,
    TimedOut,
    TLSFailed,
    Unavailable,
)
from app07_client.results import (
    Column,
    FilePrediction,
    ModelDescription,
    ModelIdentity,
    ModelSummary,
    Prediction,
)

__all__ = [
    "AccessDenied",
    "App07Client",
    "App07Error",
    "AsyncApp07Client",
    "AsyncSession",
    "Column",
    "ConnectionFailed",
    "FileFailed",
    "FilePrediction",
    "InvalidInput",
    "InvalidResponse",
    "MissingPackage",
    "ModelDescription",
    "ModelIdentity",
    "ModelSummary",
    "NotFound",
    "Prediction",
    "RequestRefused",
    "ServerFailed",
    "Session",
    "TLSFailed",
    "TimedOut",
    "Unavailable",
]
