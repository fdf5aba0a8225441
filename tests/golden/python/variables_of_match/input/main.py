match command:
    case "go":
        direction = None
    case ["go", direction, *rest]:
        pass
    case {"x": x, "y": Point(z=z, w=_), **others}:
        pass
    case Color.RED | Color.BLUE as chosen:
        pass
    case everything_else if (n := 1):
        pass
