x = 'ÿş'


def f():  # €
    pass


Ã©tÃ© = 1
