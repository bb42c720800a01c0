"""Columns of which nothing was learned."""

from dataclasses import dataclass

from skregnet._kernels import Array
from skregnet._tables.columns import Column


@dataclass(frozen=True)
class Nothing:
    """A column of which all values were missing in `fit`, and anything is taken."""

    name: str

    @property
    def names(self) -> list[str]:
        """Names of the columns that it becomes."""
        return [self.name, f"{self.name}_missing"]

    def read(self, column: Column) -> Array:
        """Return which values are missing."""
        return column.by_sample(column.is_missing)

    def encode(self, values: Array, out: Array) -> None:
        """Write whether values are missing."""
        out[:, 1] = values
