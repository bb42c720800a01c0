"""Every public name is documented in full, by numpydoc's rules."""

import inspect
from importlib import import_module

import pytest
from numpydoc.validate import validate

PUBLIC_MODULES = ["skregnet", "skregnet.optimizers"]

IGNORED = {
    "ES01",  # a summary may say it all
    "SA01",  # the API page groups what belongs together
    "GL01",  # the summary starts on the line of the quotes, as ruff formats it
}
# The example of the class shows its methods.
IGNORED_FOR_METHODS = IGNORED | {"EX01"}
# A protocol documents its methods once; what implements it adds only what it does.
IGNORED_FOR_IMPLEMENTATIONS = IGNORED_FOR_METHODS | {"PR01", "RT01"}


def public_objects():
    """Return the classes and functions of the public modules by dotted path."""
    objects = {}
    for module_name in PUBLIC_MODULES:
        module = import_module(module_name)
        for name in module.__all__:
            value = getattr(module, name)
            if inspect.isclass(value) or inspect.isfunction(value):
                objects[f"{module_name}.{name}"] = value
    return objects


def public_methods(cls):
    """Return the names of the methods and properties that skregnet itself defines."""
    names = []
    for name in dir(cls):
        value = getattr(cls, name)
        function = value.fget if isinstance(value, property) else value
        module = getattr(function, "__module__", None) or ""
        if not name.startswith("_") and callable(function):
            names += [name] * (module.split(".")[0] == "skregnet")
    return names


OBJECTS = public_objects()
PROTOCOLS = [cls for cls in OBJECTS.values() if getattr(cls, "_is_protocol", False)]
METHODS = [
    f"{path}.{name}"
    for path, value in OBJECTS.items()
    if inspect.isclass(value)
    for name in public_methods(value)
]


def implements(cls, name):
    """Return whether the method is one that a protocol asks of the class."""
    return any(
        cls is not protocol
        and name in public_methods(protocol)
        and set(public_methods(protocol)) <= set(dir(cls))
        for protocol in PROTOCOLS
    )


def complaints(path, ignored):
    """Return numpydoc's errors, one a line."""
    errors = validate(path)["errors"]
    return "\n".join(f"{code}: {text}" for code, text in errors if code not in ignored)


@pytest.mark.parametrize("path", OBJECTS)
def test_object(path):
    assert not complaints(path, IGNORED)


@pytest.mark.parametrize("path", METHODS)
def test_method(path):
    owner, name = path.rsplit(".", 1)
    if implements(OBJECTS[owner], name):
        assert not complaints(path, IGNORED_FOR_IMPLEMENTATIONS)
    else:
        assert not complaints(path, IGNORED_FOR_METHODS)
