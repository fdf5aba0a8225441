def plain():
    return 1


async def coroutine(a, b: int = 2, *args: str, key=None, **kwargs) -> dict[str, int]:
    return {}


def generic[T: (int, str)](first: T, /, second: T, *, third: T) -> T:
    return first


def long_signature(
    first,  # a comment is no part of the signature
    second="a # in a string",
) -> "Result":
    return None


lambda_is_a_variable = lambda x: x
