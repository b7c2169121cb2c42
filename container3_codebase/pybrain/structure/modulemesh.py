"""Modules arranged in a grid."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from pybrain.structure.moduleslice import ModuleSlice
from pybrain.utilities import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Any

    from pybrain.structure.modules.module import Module


class ModuleMesh(Named):
    """A grid with one module per cell.

    ``mesh[i, j]`` is the module of a cell; iterating yields all of them, the last coordinate varying fastest.

    Args:
        constructor: function without arguments that creates the module of the next cell.
        dimensions: number of cells along each dimension.
        name: name; generated if None.
        baserename: whether the modules behind slices are also named after their cell.

    Attributes:
        dims: number of cells along each dimension.
        components: cell -> module.
    """

    dims: tuple[int, ...] = ()
    components: Any = None

    def __init__(
        self,
        constructor: Callable[[], Module | ModuleSlice],
        dimensions: Iterable[int],
        name: str | None = None,
        baserename: bool = False,
    ) -> None:
        self.dims = tuple(int(d) for d in dimensions)
        self.name = name
        self.components = {}
        for cell in itertools.product(*(range(d) for d in self.dims)):
            module = constructor()
            module.name = f"{self.name}{cell}"
            if baserename and isinstance(module, ModuleSlice):
                module.base.name = module.name
            self.components[cell] = module

    @staticmethod
    def constructWithLayers(
        layerclass: Callable[[int], Module],
        layersize: int,
        dimensions: Iterable[int],
        name: str | None = None,
    ) -> ModuleMesh:
        """Return a mesh of layers of one class and size.

        Args:
            layerclass: class of the layers.
            layersize: number of neurons in each layer.
            dimensions: number of cells along each dimension.
            name: name of the mesh; generated if None.
        """
        return ModuleMesh(lambda: layerclass(layersize), dimensions, name)

    @staticmethod
    def viewOnFlatLayer(layer: Module, dimensions: Sequence[int], name: str | None = None) -> ModuleMesh:
        """Return a mesh of slices of one layer, which is divided evenly among the cells.

        Args:
            layer: the layer.
            dimensions: number of cells along each dimension.
            name: name of the mesh; generated if None.

        Raises:
            ValueError: the width of the layer is not a multiple of the number of cells.
        """
        cells = 1
        for d in dimensions:
            cells *= int(d)
        if layer.indim % cells or layer.outdim % cells:
            raise ValueError(
                f"{layer.indim} inputs and {layer.outdim} outputs of {layer!r} "
                f"cannot be divided evenly among {cells} cells"
            )
        inputs, outputs = layer.indim // cells, layer.outdim // cells
        parts = (
            ModuleSlice(layer, k * inputs, (k + 1) * inputs, k * outputs, (k + 1) * outputs)
            for k in range(cells)
        )
        return ModuleMesh(lambda: next(parts), dimensions, name)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.components.values())

    def __getitem__(self, coord: int | Sequence[int]) -> Any:
        return self.components[tuple(coord) if isinstance(coord, (tuple, list)) else (coord,)]
