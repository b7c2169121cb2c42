"""Principal component analysis."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from pybrain._typing import AnyArray, Array, ArrayLike


def reduceDim(data: ArrayLike, dim: int, func: str = "pca") -> Any:
    """Center points at the origin and project them onto their principal components.

    Args:
        data: points, shape (n, d).
        dim: number of dimensions to keep.
        func: 'pca' or 'ppca'.

    Returns:
        Points, a ``numpy.matrix`` of shape (n, dim), as in PyBrain.
    """
    functions = {"pca": pca, "ppca": pPca}
    if func not in functions:
        raise ValueError(
            f"unknown method of principal component analysis: {func!r}; expected one of {', '.join(functions)}"
        )
    reduced = makeCentered(data) @ functions[func](data, dim).T
    with warnings.catch_warnings():
        # NumPy discourages this class, but programs depend on its operators.
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        return np.asmatrix(reduced)


def makeCentered(data: ArrayLike) -> Array:
    """Return points, shape (n, d), shifted so that their mean is the origin."""
    data = np.asarray(data, dtype=float)
    return data - data.mean(axis=0)


def _checkDim(data: Array, dim: int) -> None:
    if not 1 <= dim <= data.shape[1]:
        raise ValueError(
            f"points with {data.shape[1]} dimensions have 1 .. {data.shape[1]} components, not {dim}"
        )


def pca(data: ArrayLike, dim: int) -> Array:
    """Return the first principal components as rows, shape (dim, d).

    They are the eigenvectors of the covariance matrix with the largest eigenvalues. Their order is the reverse of the
    order in which LAPACK's ``geev`` returns them, and their signs are unchanged, as in PyBrain.

    Args:
        data: points, shape (n, d).
        dim: number of components, at most d.
    """
    centred = makeCentered(data)
    _checkDim(centred, dim)
    values, vectors = np.linalg.eig(np.atleast_2d(np.cov(centred, rowvar=False)))
    greatest = np.argsort(-values.real, kind="stable")[:dim]
    components: Array = vectors.T.real[np.sort(greatest)[::-1]].copy()
    return components


def pPca(data: ArrayLike, dim: int, tolerance: float = 1e-10, maxIterations: int = 1000) -> Array:
    """Return the first principal components as rows, shape (dim, d), found by iteration.

    EM for PCA (Roweis 1998): L = (W^T W)^-1 W^T X and W = X L^T (L L^T)^-1 in turn, which needs
    no decomposition of anything larger than dim x dim until the end, when the columns that span
    the subspace are turned into its principal axes.

    Args:
        data: points, shape (n, d).
        dim: number of components, at most d.
        tolerance: the iteration stops when no entry of the projector changes by this much.
        maxIterations: maximum number of iterations.
    """
    centred = makeCentered(data).T
    _checkDim(centred.T, dim)
    weights: AnyArray = np.random.standard_normal((centred.shape[0], dim))
    projector: AnyArray = np.zeros((centred.shape[0], centred.shape[0]))
    for _ in range(maxIterations):
        latent = np.linalg.pinv(weights) @ centred
        weights = np.linalg.lstsq(latent.T, centred.T, rcond=None)[0].T
        basis = np.linalg.qr(weights)[0]
        last, projector = projector, basis @ basis.T
        if np.abs(projector - last).max() < tolerance:
            break
    axes = np.linalg.svd(basis.T @ centred, full_matrices=False)[0]
    return (basis @ axes).T
