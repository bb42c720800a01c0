"""Every public name is documented in full, by numpydoc's rules."""

import inspect
from importlib import import_module

import pytest
from numpydoc.validate import validate

PUBLIC_MODULES = [
    "skregnet",
    "skregnet.augmentation",
    "skregnet.callbacks",
    "skregnet.curvature",
    "skregnet.inspection",
    "skregnet.onnx",
    "skregnet.optimizers",
    "skregnet.search",
]

IGNORED = {
    "ES01",  # a summary may say it all
    "SA01",  # the API page groups what belongs together
    "GL01",  # the summary starts on the line of the opening quotes
    "RT02",  # what a method returns has a name, as in scikit-learn
}
# A protocol is not constructed: it has neither parameters nor examples.
IGNORED_FOR_PROTOCOLS = IGNORED | {"PR01", "EX01"}
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


def defined_by_skregnet(value):
    """Return whether a class attribute is a method or property of skregnet's own."""
    function = value.fget if isinstance(value, property) else value
    module = getattr(function, "__module__", None) or ""
    return callable(function) and module.split(".")[0] == "skregnet"


def public_methods(cls):
    """Return the names of the methods that skregnet itself gives a class."""
    public = [name for name in dir(cls) if not name.startswith("_")]
    return [name for name in public if defined_by_skregnet(getattr(cls, name))]


def is_protocol(value):
    return getattr(value, "_is_protocol", False) or inspect.isabstract(value)


def implements_protocol(cls, name):
    """Return whether the method is one that a protocol asks of the class."""
    protocols = [public_methods(p) for p in OBJECTS.values() if is_protocol(p)]
    return not is_protocol(cls) and any(
        name in methods and set(methods) <= set(dir(cls)) for methods in protocols
    )


def complaints(path, ignored):
    """Return numpydoc's errors, one a line."""
    errors = validate(path)["errors"]
    return "\n".join(f"{code}: {text}" for code, text in errors if code not in ignored)


OBJECTS = public_objects()
METHODS = [
    (path, name)
    for path, value in OBJECTS.items()
    if inspect.isclass(value)
    for name in public_methods(value)
]


def inherits_parameters(value):
    """Return whether a class has the parameters of another that documents them."""
    return inspect.isclass(value) and any(
        other in value.__mro__[1:] and value.__init__ is other.__init__
        for other in OBJECTS.values()
    )


@pytest.mark.parametrize("path", OBJECTS)
def test_object(path):
    ignored = IGNORED
    if is_protocol(OBJECTS[path]):
        ignored = IGNORED_FOR_PROTOCOLS
    elif inherits_parameters(OBJECTS[path]):
        ignored = IGNORED | {"PR01"}
    assert not complaints(path, ignored)


@pytest.mark.parametrize(("path", "name"), METHODS)
def test_method(path, name):
    shared = implements_protocol(OBJECTS[path], name)
    ignored = IGNORED_FOR_IMPLEMENTATIONS if shared else IGNORED_FOR_METHODS
    assert not complaints(f"{path}.{name}", ignored)
