__all__: list[str] = []

nothing_is_exported = 1
