"""Tags of augmenters, which estimators that use them follow."""

from typing import Any

from sklearn.utils import InputTags, get_tags


def input_tags_of(augmenter: Any) -> InputTags:
    """Return which samples an augmenter takes; without tags, finite dense ones."""
    if isinstance(augmenter, type):
        raise TypeError(
            f"augmenter expects an object, such as {augmenter.__name__}(), got the "
            f"class {augmenter.__name__}."
        )
    if hasattr(augmenter, "__sklearn_tags__"):
        return get_tags(augmenter).input_tags
    return InputTags()
