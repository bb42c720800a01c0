"""Where the documentation is: estimators in notebooks link to their own page."""

import sys
from typing import ClassVar

DOCUMENTATION = "https://skregnet.readthedocs.io/en/latest/"


class DocumentedMixin:
    """Links the diagram of an estimator to its page in the API reference.

    scikit-learn asks for the attributes; to the left of `BaseEstimator` they take the
    place of its own.
    """

    _doc_link_module: ClassVar[str] = "skregnet"
    _doc_link_template: ClassVar[str] = DOCUMENTATION + "generated/{page}.html"

    def _doc_link_url_param_generator(self) -> dict[str, str]:
        """Return the page, which is named by the import that the API documents."""
        name, parts = type(self).__qualname__, type(self).__module__.split(".")
        for k in range(1, len(parts)):
            module = ".".join(parts[:k])
            if name in getattr(sys.modules[module], "__all__", ()):
                return {"page": f"{module}.{name}"}
        return {"page": f"{type(self).__module__}.{name}"}
