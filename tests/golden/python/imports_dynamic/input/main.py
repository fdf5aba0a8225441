import importlib

first = importlib.import_module("a.b")
second = importlib.import_module(".c", package="d")
third = __import__("e")
name = "f"
unknown = importlib.import_module(name)
formatted = __import__(f"g{1}")


def later():
    return call(import_module('h')).attribute
