def outer(parameter):
    local = 1
    for item in parameter:
        with item as handle:
            pass

    def inner():
        also_local = 2

    class Local:
        attribute = 3

        def method(self):
            pass

    return lambda: (walrus := 1)
